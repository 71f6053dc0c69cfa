using System.Globalization;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Enforcer;
using Tmds.Linux;

// The agent's datapath as a process of its own, for tests that kill it: goes on with what is in force, or begins with
// the first persona, says so, and then applies one persona after another until its input ends.
var settings = EnforcerSettings.Read(args);
var writes = 0;
using var never = new ManualResetEventSlim();
using var dataplane = PersonaDataplane.Load(new DataplaneOptions
{
    PinDirectory = settings.PinDirectory,
    FilterImage = settings.Image is { } image ? (ReadOnlyMemory<byte>?)File.ReadAllBytes(image) : null,
    Attach = settings.Attach,
    Known = TestPersonas.All,
    BetweenWrites = () =>
    {
        if (Interlocked.Increment(ref writes) == settings.DieAt)
        {
            _ = LibC.kill(Environment.ProcessId, LibC.SIGKILL);
            never.Wait();
        }
    },
});
var maps = dataplane.Filter.Maps.Values.Select(map => map.ReadId());
var programs = dataplane.Filter.Programs.Values.Select(program => program.Id);
Console.WriteLine($"maps {string.Join(' ', maps)}");
Console.WriteLine($"programs {string.Join(' ', programs)}");
if (settings.Detach)
{
    dataplane.Attach();
    dataplane.Remove();
    return;
}

if (!dataplane.Adopted)
{
    dataplane.Apply(1, TestPersonas.Of(1));
}

dataplane.Attach();
var realised = dataplane.Realised;
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture, $"ready {realised.Generation} {realised.Epoch} {realised.Persona}"));
using var ended = new ManualResetEventSlim();
_ = Task.Run(() =>
{
    while (Console.In.ReadLine() is not null)
    {
    }

    ended.Set();
});
for (var applied = 0; applied < settings.Applies && !ended.Wait(settings.Pause); applied++)
{
    var generation = dataplane.Realised.Generation + 1;
    dataplane.Apply(generation, TestPersonas.Of(generation));
}

Console.WriteLine("applied all");
ended.Wait();
