using System.IO.Compression;
using System.Text;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Abuse;

/// <summary>Bodies that somebody thought of, each sent to every operation that takes one.</summary>
[Collection(AbuseCollection.Name)]
public sealed class NamedBodyTests : ControllerTest
{
    private const int MaxBytes = 1 << 20;

    private static readonly Dictionary<string, Func<byte[]>> Bodies = new()
    {
        ["nested 100,000 deep"] = () => Utf8(new string('[', 100_000) + new string(']', 100_000)),
        ["nested 100,000 objects deep"] = () => Utf8(Repeat("{\"a\":", 100_000) + "1" + new string('}', 100_000)),
        ["never closed"] = () => Utf8(new string('[', 100_000)),
        ["the same key twice"] = () => Utf8("""{"name":"a","name":"b","personas":[],"personas":[null]}"""),
        ["the same key escaped"] = () => Utf8("""{"name":"db","\u006eame":"db","personas":[],"\u0070ersonas":[1]}"""),
        ["two words in one"] = () => Persona("\"deny, allow\""),
        ["a number for a word"] = () => Persona("1"),
        ["a word in capitals"] = () => Persona("\"DENY\""),
        ["a list of null"] = () => Utf8("[null]"),
        ["null in lists"] = () => Utf8(
            """{"name":"database_client","network_profile":{"allowed_egress":[null]},"personas":[null]}"""),
        ["a million rules"] = () => Rules(1_000_000),
        ["as many rules as fit"] = () => Rules(0),
        ["as many names as fit"] = () => Utf8($$"""{"personas":["a"{{Repeat(",\"a\"", MaxBytes / 4 - 10)}}]}"""),
        ["as many unknown members as fit"] = () => Utf8(
            "{" + string.Join(',', Enumerable.Range(0, 90_000).Select(i => $"\"{i:x5}\":1")) + "}"),
        ["one octet too many"] = () => Utf8(new string(' ', MaxBytes - 1) + "{}"),
        ["two documents"] = () => Utf8("""{"personas":[null]}{"personas":[null]}"""),
        ["a lone high surrogate"] = () => Utf8("""{"name":"\ud800","persona":"\ud800","vm_id":"\ud800"}"""),
        ["a lone low surrogate as key"] = () => Utf8("""{"\udc00":1,"name":"\udc00\ud800"}"""),
        ["a surrogate in UTF-8"] = () => [.. Utf8("{\"name\":\""), 0xed, 0xa0, 0x80, .. Utf8("\"}")],
        ["a byte order mark"] = () => [0xef, 0xbb, 0xbf, .. Utf8("{}")],
        ["UTF-16"] = () => Encoding.Unicode.GetBytes("{}"),
        ["nothing"] = () => [],
        ["a number of 100,000 digits"] = () => Utf8("{\"ttl\":" + new string('9', 100_000) + ",\"name\":1}"),
    };

    [Fact]
    public async Task A_body_is_refused_and_nothing_of_it_is_kept()
    {
        foreach (var (name, make) in Bodies)
        {
            var body = make();
            await SendToAllAsync(name, () => RunningController.Json(body), body.Length > MaxBytes ? [413] : [400, 422]);
        }
    }

    /// <summary>64 MiB of zeros in 64 KiB; nothing is unpacked, so it is no JSON.</summary>
    [Fact]
    public async Task A_compressed_body_is_not_unpacked()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            for (var mebibytes = 0; mebibytes < 64; mebibytes++)
            {
                await gzip.WriteAsync(new byte[1 << 20]);
            }
        }

        await using var memory = new MemoryWatch();
        await SendToAllAsync(
            "gzip",
            () =>
            {
                var content = RunningController.Json(packed.ToArray());
                content.Headers.ContentEncoding.Add("gzip");
                return content;
            },
            [400, 415]);
        memory.ExpectBounded();
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static string Repeat(string text, int count) =>
        new StringBuilder(text.Length * count).Insert(0, text, count).ToString();

    private static byte[] Persona(string value) => Utf8(
        """{"name":"database_client","network_profile":{"default_action":VALUE,"allowed_egress":VALUE}}"""
            .Replace("VALUE", value, StringComparison.Ordinal));

    /// <summary>So many rules that are wrong, or 0 for as many as fit.</summary>
    private static byte[] Rules(int count)
    {
        const string Rule = """{"protocol":"tcp","port":0},""";
        const string Frame = """{"name":"database_client","network_profile":{"allowed_egress":[]}}""";
        count = count == 0 ? (MaxBytes - Frame.Length) / Rule.Length : count;
        return Utf8(Frame.Insert(Frame.Length - 3, Repeat(Rule, count).TrimEnd(',')));
    }

    private async Task SendToAllAsync(string name, Func<HttpContent> content, int[] expected)
    {
        await (await Controller.AgentAsync("vm-1")).DisposeAsync();
        await Controller.WaitForVmAsync("vm-1", _ => true);
        var kept = KeptThings.Of(Controller.StoreFile);
        foreach (var operation in RestOperation.All)
        {
            using var request = operation.Request(content());
            // Whoever does not ask first may find the connection closed while he still sends.
            request.Headers.ExpectContinue = expected.Contains(413);
            using var patience = new CancellationTokenSource(RestOperation.Patience);
            using var answer = await Controller.Http.SendAsync(request, patience.Token);
            var text = await answer.Content.ReadAsStringAsync();
            var status = (int)answer.StatusCode;
            // The report of what is wrong is what validation answers with.
            var isReport = status == 200 && operation.Path.EndsWith("/validate", StringComparison.Ordinal)
                && text.Contains("\"errors\":[{", StringComparison.Ordinal);
            Assert.True(
                expected.Contains(status) || (isReport && !expected.Contains(413)),
                $"{name}, {operation}: {status} {text[..Math.Min(text.Length, 500)]}");
        }

        Assert.Equal(kept, KeptThings.Of(Controller.StoreFile));
    }
}
