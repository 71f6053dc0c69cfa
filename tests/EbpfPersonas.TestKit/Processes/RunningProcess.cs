using System.Diagnostics;
using System.Threading.Channels;
using Tmds.Linux;

namespace EbpfPersonas.TestKit.Processes;

/// <summary>
/// A process that a test started: its output is kept, it is stopped by its id, and it never outlives its owner.
/// </summary>
public sealed class RunningProcess : IAsyncDisposable
{
    private static readonly TimeSpan PatienceAfterTerm = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private RunningProcess(Process process, string commandLine)
    {
        _process = process;
        CommandLine = commandLine;
    }

    /// <summary>For messages: the program and its arguments.</summary>
    public string CommandLine { get; }

    /// <summary>The program's own process id (wrappers such as nsenter exec it in place).</summary>
    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Known after the process has ended; 128 + n where signal n ended it.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Both output streams so far, in the order in which their lines arrived.</summary>
    public string Output
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    public static RunningProcess Start(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        var running = new RunningProcess(process, $"{program} {string.Join(' ', start.ArgumentList)}");
        process.OutputDataReceived += (_, line) => running.Add(line.Data);
        process.ErrorDataReceived += (_, line) => running.Add(line.Data);
        process.Exited += (_, _) => running._news.Writer.TryWrite(true);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return running;
    }

    /// <summary>
    /// Runs a program to its end and returns its output. Throws where it fails or takes longer than 60 s.
    /// </summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        await using var process = Start(program, arguments);
        var code = await process.WaitForExitAsync(TimeSpan.FromSeconds(60));
        return code == 0
            ? process.Output
            : throw new InvalidOperationException($"{process.CommandLine}: exit code {code}\n{process.Output}");
    }

    /// <summary>Writes to its standard input.</summary>
    public void Write(string text)
    {
        _process.StandardInput.Write(text);
        _process.StandardInput.Flush();
    }

    /// <summary>Ends the process's standard input, which many clients take as the wish to quit.</summary>
    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>
    /// Waits until the output contains the text. Throws, with the output, on time-out or where the process ends first.
    /// </summary>
    public async Task WaitForOutputAsync(string text, TimeSpan timeout)
    {
        using var deadline = new CancellationTokenSource(timeout);
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            if (_process.HasExited)
            {
                await _process.WaitForExitAsync();
                if (Output.Contains(text, StringComparison.Ordinal))
                {
                    return;
                }

                throw new InvalidOperationException($"{CommandLine} ended before it said \"{text}\":\n{Output}");
            }

            try
            {
                await _news.Reader.ReadAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"{CommandLine} did not say \"{text}\" within {timeout}:\n{Output}");
            }
        }
    }

    public async Task<int> WaitForExitAsync(TimeSpan timeout)
    {
        using var deadline = new CancellationTokenSource(timeout);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{CommandLine} still ran after {timeout}:\n{Output}");
        }

        return _process.ExitCode;
    }

    /// <summary>Sends a signal, for example <see cref="LibC.SIGTERM"/>.</summary>
    public void Signal(int signal)
    {
        if (!_process.HasExited)
        {
            // It may have ended by itself since.
            _ = LibC.kill(_process.Id, signal);
        }
    }

    /// <summary>SIGTERM, then SIGKILL after 10 s; returns the exit code.</summary>
    public async Task<int> StopAsync()
    {
        Signal(LibC.SIGTERM);
        try
        {
            return await WaitForExitAsync(PatienceAfterTerm);
        }
        catch (TimeoutException)
        {
            _process.Kill();
            return await WaitForExitAsync(PatienceAfterTerm);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process.Dispose();
    }

    private void Add(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_lines)
        {
            _lines.Add(line);
        }

        _news.Writer.TryWrite(true);
    }
}
