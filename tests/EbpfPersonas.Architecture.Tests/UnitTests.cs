using System.Diagnostics;

namespace EbpfPersonas.Architecture.Tests;

/// <summary>
/// systemd understands the units, and they leave the machine no more exposed than they promise: build/check-units.
/// </summary>
public sealed class UnitTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ebpfp-units-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Units_are_as_hardened_as_they_promise() => Assert.Equal((0, ""), await CheckAsync());

    [Theory]
    [InlineData("agent", "CapabilityBoundingSet=")]
    [InlineData("agent", "SystemCallFilter=")]
    [InlineData("controller", "SystemCallFilter=")]
    [InlineData("controller", "CapabilityBoundingSet=")]
    public async Task A_unit_that_lost_a_line_is_found(string unit, string setting)
    {
        var file = Path.Join(_folder, $"ebpf-personas-{unit}.service");
        await WriteUnitsAsync();
        var lines = await File.ReadAllLinesAsync(file);
        await File.WriteAllLinesAsync(
            file, lines.Where(line => !line.StartsWith(setting, StringComparison.Ordinal)));

        var (code, _) = await CheckAsync(_folder);
        Assert.Equal(1, code);
    }

    [Fact]
    public async Task A_line_that_systemd_does_not_understand_is_found()
    {
        await WriteUnitsAsync();
        Assert.Equal((0, ""), await CheckAsync(_folder));

        await File.AppendAllLinesAsync(Path.Join(_folder, "ebpf-personas-agent.service"), ["WantedBye=sysinit.target"]);
        var (code, errors) = await CheckAsync(_folder);
        Assert.Equal(1, code);
        Assert.Contains("WantedBye", errors, StringComparison.Ordinal);
    }

    private async Task WriteUnitsAsync()
    {
        foreach (var unit in Repository.Files.Where(file => file.Path.EndsWith(".service", StringComparison.Ordinal)))
        {
            await File.WriteAllTextAsync(Path.Join(_folder, Path.GetFileName(unit.Path)), unit.Text);
        }
    }

    private static async Task<(int Code, string Errors)> CheckAsync(params string[] folder)
    {
        using var check = Process.Start(
            new ProcessStartInfo(Path.Join(Repository.Root, "build/check-units"), folder)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        var errors = check.StandardError.ReadToEndAsync();
        await check.StandardOutput.ReadToEndAsync();
        await check.WaitForExitAsync();
        return (check.ExitCode, await errors);
    }
}
