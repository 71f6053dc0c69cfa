using System.Text.RegularExpressions;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.Architecture.Tests;

/// <summary>The closed lists of verdict and reason words are the same wherever they are written.</summary>
public sealed partial class WordTests
{
    private static readonly string Header = Repository.Files.Single(file => file.Path == "bpf/abi/verdict.h").Text;

    [Fact]
    public void Reasons_are_the_closed_list() => Assert.Equal(CaseWords.Reasons.ToArray(), VerdictWords.AllReasons);

    [Fact]
    public void Verdicts_are_the_closed_list() => Assert.Equal(
        CaseWords.Verdicts.ToArray(),
        Enumerable.Range(0, (int)Verdict.Count).Select(verdict => ((Verdict)verdict).Word()));

    [Fact]
    public void The_kernel_has_the_same_words_under_the_same_numbers()
    {
        Assert.Equal(CaseWords.Reasons.ToArray(), Words(Header, "REASON_"));
        Assert.Equal(CaseWords.Verdicts.ToArray(), Words(Header, "VERDICT_"));
    }

    [Fact]
    public void A_word_of_the_kernel_that_is_not_in_the_list_would_be_found()
    {
        var changed = Header.Replace("REASON_CONNTRACK_FULL", "REASON_TABLE_FULL", StringComparison.Ordinal);
        Assert.NotEqual(CaseWords.Reasons.ToArray(), Words(changed, "REASON_"));
    }

    private static string[] Words(string header, string prefix) =>
    [
        .. Enumerator().Matches(header)
            .Where(match => match.Groups["name"].Value.StartsWith(prefix, StringComparison.Ordinal))
            .Select(match => (
                Word: match.Groups["name"].Value[prefix.Length..],
                Number: int.Parse(match.Groups["number"].Value)))
            .Where(entry => entry.Word != "COUNT")
            .OrderBy(entry => entry.Number)
            .Select(entry => entry.Word.ToLowerInvariant()),
    ];

    [GeneratedRegex(@"^\t(?<name>[A-Z_]+) = (?<number>\d+),", RegexOptions.Multiline)]
    private static partial Regex Enumerator();
}
