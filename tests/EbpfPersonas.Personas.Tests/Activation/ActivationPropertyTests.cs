using EbpfPersonas.Personas.Activation;
using Xunit.Sdk;

namespace EbpfPersonas.Personas.Tests.Activation;

public sealed class ActivationPropertyTests
{
    private const int Runs = 150;

    [Theory]
    [InlineData(nameof(ActivationProperties.The_order_of_what_is_known_does_not_matter))]
    [InlineData(nameof(ActivationProperties.No_persona_starts_again_before_its_cooldown))]
    [InlineData(nameof(ActivationProperties.Every_activation_with_a_ttl_ends))]
    [InlineData(nameof(ActivationProperties.Without_triggers_pins_and_holds_everything_ends_in_the_default))]
    [InlineData(nameof(ActivationProperties.Nothing_changes_before_the_deadline_unless_something_happens))]
    [InlineData(nameof(ActivationProperties.A_look_that_comes_late_finds_what_looks_in_time_find))]
    [InlineData(nameof(ActivationProperties.The_plan_for_the_kernel_chooses_the_same))]
    public void Holds_of_random_VMs(string property)
    {
        for (ulong seed = 1; seed <= Runs; seed++)
        {
            Check(new ActivationProperties(ActivationPolicy.Decide), property, seed);
        }
    }

    [Theory]
    [InlineData("takes the first that is bound",
        nameof(ActivationProperties.The_order_of_what_is_known_does_not_matter))]
    [InlineData("ignores the cooldown", nameof(ActivationProperties.No_persona_starts_again_before_its_cooldown))]
    [InlineData("ignores the ttl", nameof(ActivationProperties.Every_activation_with_a_ttl_ends))]
    [InlineData("begins a life anew when the trigger comes back",
        nameof(ActivationProperties.Every_activation_with_a_ttl_ends))]
    [InlineData("forgets the default",
        nameof(ActivationProperties.Without_triggers_pins_and_holds_everything_ends_in_the_default))]
    [InlineData("says nothing of deadlines",
        nameof(ActivationProperties.Nothing_changes_before_the_deadline_unless_something_happens))]
    [InlineData("ends a linger with every look",
        nameof(ActivationProperties.Nothing_changes_before_the_deadline_unless_something_happens))]
    [InlineData("starts what is spent again",
        nameof(ActivationProperties.Nothing_changes_before_the_deadline_unless_something_happens))]
    [InlineData("ends a linger with every look",
        nameof(ActivationProperties.A_look_that_comes_late_finds_what_looks_in_time_find))]
    [InlineData("compares priorities the wrong way",
        nameof(ActivationProperties.The_plan_for_the_kernel_chooses_the_same))]
    [InlineData("lets a trigger beat a pin", nameof(ActivationProperties.The_plan_for_the_kernel_chooses_the_same))]
    public void A_function_with_a_fault_is_found_out(string fault, string property)
    {
        var broken = new ActivationProperties(BrokenPolicies.All[fault]);
        Assert.ThrowsAny<XunitException>(() =>
        {
            for (ulong seed = 1; seed <= Runs; seed++)
            {
                Check(broken, property, seed);
            }
        });
    }

    private static void Check(ActivationProperties properties, string property, ulong seed)
    {
        Action<ulong> check = property switch
        {
            nameof(properties.The_order_of_what_is_known_does_not_matter) =>
                properties.The_order_of_what_is_known_does_not_matter,
            nameof(properties.No_persona_starts_again_before_its_cooldown) =>
                properties.No_persona_starts_again_before_its_cooldown,
            nameof(properties.Every_activation_with_a_ttl_ends) => properties.Every_activation_with_a_ttl_ends,
            nameof(properties.Without_triggers_pins_and_holds_everything_ends_in_the_default) =>
                properties.Without_triggers_pins_and_holds_everything_ends_in_the_default,
            nameof(properties.Nothing_changes_before_the_deadline_unless_something_happens) =>
                properties.Nothing_changes_before_the_deadline_unless_something_happens,
            nameof(properties.A_look_that_comes_late_finds_what_looks_in_time_find) =>
                properties.A_look_that_comes_late_finds_what_looks_in_time_find,
            _ => properties.The_plan_for_the_kernel_chooses_the_same,
        };
        check(seed);
    }
}
