using System.Text;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Validation;

namespace EbpfPersonas.Personas.Tests.Activation;

public sealed class TriggerLintTests
{
    [Theory]
    [InlineData("""{"process_path": "/bin/a"}""", null)]
    [InlineData("""{"not": {"process_path": "/bin/a"}}""", "LIVE_AT_BOOT")]
    [InlineData("""{"process_path": "/bin/a", "not": {"process_path": "/bin/b"}}""", null)]
    [InlineData("""{"any_of": [{"process_path": "/bin/a"}, {"not": {"process_path": "/bin/a"}}]}""", "ALWAYS_LIVE")]
    [InlineData("""{"process_path": "/bin/a", "not": {"process_path": "/bin/a"}}""", "NEVER_LIVE")]
    [InlineData("""{"process_path": "/bin/a", "user": "u", "not": {"user": "u"}}""", "NEVER_LIVE")]
    [InlineData("""{"user": "u", "not": {"process_path": "/bin/a", "user": "u"}}""", null)]
    [InlineData("""{"all_of": [{"process_path": "/bin/a"}, {"process_path": "/bin/b"}]}""", null)]
    [InlineData("""{"schedule": {"from": "01:00", "to": "02:00"}}""", null)]
    [InlineData("""{"all_of": [{"schedule": NIGHT}, {"schedule": {"from": "02:00", "to": "03:00"}}]}""", "NEVER_LIVE")]
    [InlineData("""{"any_of": [{"schedule": NIGHT}, {"schedule": {"from": "02:00", "to": "01:00"}}]}""", "ALWAYS_LIVE")]
    [InlineData(
        """{"not": {"process_path": "/bin/a"}, "schedule": {"from": "01:00", "to": "02:00"}}""", "LIVE_AT_BOOT")]
    public void Warns_of_a_trigger_that_can_never_or_always_or_at_once_hold(string trigger, string? code) =>
        Assert.Equal(
            code is null ? [] : [$"/activation_trigger {code}"],
            Warnings(trigger.Replace("NIGHT", """{"from": "01:00", "to": "02:00"}""", StringComparison.Ordinal)));

    [Theory]
    [InlineData("""{"any_of": [{"process_path": "/a"}, {"all_of": [{"listen_port": 1}]}]}""",
        "/activation_trigger/any_of/1/all_of/0/listen_port")]
    [InlineData("""{"not": {"data_type": "pdf"}}""", "/activation_trigger/not/data_type")]
    [InlineData("""{"connection": {"port": 1}}""", "/activation_trigger/connection")]
    [InlineData("""{"api_call": {"method": "GET"}}""", "/activation_trigger/api_call")]
    [InlineData("""{"schedule": {"from": "01:00", "to": "02:00", "time_zone": "Europe/Berlim"}}""",
        "/activation_trigger/schedule/time_zone")]
    public void Says_at_any_depth_what_keeps_a_trigger_from_ever_holding(string trigger, string place)
    {
        Assert.Equal([$"{place} NOT_ENFORCED_YET"], Warnings(trigger));
        Assert.Empty(SituationRun.BindingOf(Document(trigger)).Trigger.Conditions);
    }

    [Theory]
    [InlineData("sshd", "/activation_trigger/parent_process FORGEABLE_TRIGGER")]
    [InlineData("/usr/sbin/sshd", null)]
    public void A_parent_that_any_user_can_be_is_warned_of(string parent, string? warning) => Assert.Equal(
        warning is null ? [] : [warning], Warnings($$"""{"parent_process": "{{parent}}"}"""));

    [Theory]
    [InlineData("sbin/sshd")]
    [InlineData("/usr/sbin/")]
    [InlineData("..")]
    public void A_parent_is_a_name_or_an_absolute_path(string parent)
    {
        var findings = new Findings();
        PersonaValidator.Validate(
            Encoding.UTF8.GetBytes(Document($$"""{"parent_process": "{{parent}}"}""")), findings);
        Assert.Equal("/activation_trigger/parent_process BAD_VALUE", Text(Assert.Single(findings.Errors)));
    }

    [Fact]
    public void Lifecycle_waits_are_no_longer_warned_of()
    {
        var findings = new Findings();
        PersonaValidator.Validate(
            """
            {"name": "p", "lifecycle": {"linger": "1s", "cooldown": "1s", "ttl": "1s", "confirm_timeout": "1s"}}
            """u8.ToArray(),
            findings);
        Assert.Empty(findings.Warnings);
    }

    [Theory]
    [InlineData(256, false)]
    [InlineData(257, true)]
    public void A_trigger_that_asks_too_much_is_refused(int leaves, bool refused)
    {
        // At most 64 in one list.
        var parts = Enumerable.Range(0, leaves).Select(i => $$"""{"user": "u{{i}}"}""").Chunk(64)
            .Select(chunk => $$"""{"any_of": [{{string.Join(',', chunk)}}]}""");
        var findings = new Findings();
        PersonaValidator.Validate(
            Encoding.UTF8.GetBytes(Document($$"""{"any_of": [{{string.Join(',', parts)}}]}""")), findings);

        Assert.Equal(refused ? ["/activation_trigger TOO_MANY"] : [], findings.Errors.Select(Text));
        Assert.Empty(findings.Warnings);
    }

    private static string Document(string trigger) => $$"""{"name": "p", "activation_trigger": {{trigger}}}""";

    private static string[] Warnings(string trigger)
    {
        var findings = new Findings();
        Assert.NotNull(PersonaValidator.Validate(Encoding.UTF8.GetBytes(Document(trigger)), findings));
        return [.. findings.Warnings.Select(Text)];
    }

    private static string Text(Finding finding) => $"{finding.Pointer} {finding.Code}";
}
