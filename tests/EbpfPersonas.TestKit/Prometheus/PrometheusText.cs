using System.Globalization;
using System.Text;

namespace EbpfPersonas.TestKit.Prometheus;

/// <summary>Reads Prometheus' text exposition format, version 0.0.4.</summary>
public static class PrometheusText
{
    public static IReadOnlyList<Sample> Read(string text) =>
    [
        .. text.Split('\n').Select(line => line.Trim())
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(ReadLine)
    ];

    /// <summary>The sum of all samples with this name and at least these labels; 0 where there is none.</summary>
    public static double Sum(this IEnumerable<Sample> samples, string name, params (string, string)[] labels) =>
        samples.Where(sample => sample.Is(name, labels)).Sum(sample => sample.Value);

    private static Sample ReadLine(string line)
    {
        var nameEnd = line.IndexOfAny(['{', ' ']);
        var labels = new Dictionary<string, string>();
        var rest = line[nameEnd..];
        if (rest[0] == '{')
        {
            rest = ReadLabels(rest, labels);
        }

        var value = rest.Trim().Split(' ')[0];
        return new Sample(line[..nameEnd], labels, value switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            _ => double.Parse(value, CultureInfo.InvariantCulture),
        });
    }

    /// <summary>Reads `{a="b",...}` and returns what follows it.</summary>
    private static string ReadLabels(string text, Dictionary<string, string> labels)
    {
        var at = 1;
        while (text[at] != '}')
        {
            var equals = text.IndexOf('=', at);
            var name = text[at..equals].Trim(',', ' ');
            var value = new StringBuilder();
            for (at = equals + 2; text[at] != '"'; at++)
            {
                if (text[at] == '\\')
                {
                    at++;
                }

                value.Append(text[at] == 'n' && text[at - 1] == '\\' ? '\n' : text[at]);
            }

            labels.Add(name, value.ToString());
            at++;
            if (text[at] == ',')
            {
                at++;
            }
        }

        return text[(at + 1)..];
    }
}
