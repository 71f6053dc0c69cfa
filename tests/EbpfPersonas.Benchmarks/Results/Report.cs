using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EbpfPersonas.Benchmarks.Results;

/// <summary>Collects the rows, shows each as it comes, and writes them to a table and to a JSON file.</summary>
internal sealed class Report
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly List<Row> _rows = [];
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly long _start = TimeProvider.System.GetTimestamp();

    public bool AllMet => _rows.All(row => row.Met != false);

    /// <summary>What the figures were made on; other work on the machine makes them worse.</summary>
    public static void DescribeMachine()
    {
        var kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        var load = File.ReadAllText("/proc/loadavg").Split(' ')[0];
        Console.WriteLine($"kernel {kernel}, {Environment.ProcessorCount} CPUs, load {load} before the start");
    }

    /// <summary>Says what is being done now, and how long it has been going on.</summary>
    public void Progress(string what) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"[{_time.GetElapsedTime(_start).TotalSeconds,5:0} s] {what}"));

    public void Add(Row row)
    {
        _rows.Add(row);
        Console.WriteLine("          " + Line(row));
    }

    /// <summary>G5: how many of a sample of cases got another verdict or rule than the reference gives.</summary>
    public void AddDifferences(string words, (int Compared, int Differences) sample) => Add(new Row
    {
        Goal = "G5",
        Case = string.Create(CultureInfo.InvariantCulture, $"{words}, differences in {sample.Compared:#,0} cases"),
        Ours = sample.Differences,
        Unit = "",
        Target = 0,
        Note = "a sample; the campaign is a target of its own",
    });

    public void WriteTable()
    {
        Console.WriteLine();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{"goal",-5} {"case",-72} {"ours",10} {"(median)",10} {"peer",10} {"unit",-5} {"ratio",7} {"target",7}"));
        foreach (var row in _rows)
        {
            Console.WriteLine(Line(row));
        }

        var judged = _rows.Where(row => row.Met is not null).ToArray();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{judged.Count(row => row.Met == true)} of {judged.Length} targets met; "
            + $"{_rows.Count(row => row.IsNoisy)} rows too noisy "
            + $"(the same configuration against itself differs by more than {Row.NoiseMax:P0})."));
    }

    public void WriteJson(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, new JsonArray([.. _rows.Select(Json)]).ToJsonString(Indented) + "\n");
        Console.WriteLine($"written to {path}");
    }

    private static string Line(Row row) => string.Create(
        CultureInfo.InvariantCulture,
        $"{row.Goal,-5} {row.Case,-72} {Number(row.Ours),10} {Number(row.OursMedian),10} {Number(row.Peer),10} "
        + $"{row.Unit,-5} {Number(row.Ratio),7} {Number(row.Target),7} {Judgement(row)}"
        + $"{(row.PeerName is { } peer ? $"  against {peer}" : "")}"
        + $"{(row.IsNoisy ? $"  NOISY {row.Noise:P0}" : "")}{(row.Note is { } note ? $"  ({note})" : "")}");

    private static string Judgement(Row row) => row.Met switch
    {
        true => "met   ",
        false => "MISSED",
        null => "      ",
    };

    private static string Number(double? value) => value switch
    {
        null => "-",
        < 10 => value.Value.ToString("0.00", CultureInfo.InvariantCulture),
        < 1000 => value.Value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("#,0", CultureInfo.InvariantCulture),
    };

    private static JsonObject Json(Row row) => new()
    {
        ["goal"] = row.Goal,
        ["case"] = row.Case,
        ["ours"] = row.Ours,
        ["peer"] = row.Peer,
        ["peer_name"] = row.PeerName,
        ["unit"] = row.Unit,
        ["ratio"] = row.Ratio,
        ["target"] = row.Target,
        ["met"] = row.Met,
        ["ours_median"] = row.OursMedian,
        ["ours_spread"] = row.OursSpread,
        ["peer_median"] = row.PeerMedian,
        ["peer_spread"] = row.PeerSpread,
        ["noisy"] = row.Noise is null ? null : row.IsNoisy,
        ["note"] = row.Note,
    };
}
