using EbpfPersonas.KernelTests;

// Usage: EbpfPersonas.KernelTests <folder of BPF objects> <folder of cases> <file of verified instructions>. Runs
// inside a QEMU guest, see guest-init. It filters every interface that it finds, so it refuses to run anywhere else:
// on a machine that people use, that would cut the machine off.
if (!File.ReadAllText("/proc/cmdline").Contains("ebpf_personas.guest", StringComparison.Ordinal))
{
    Console.Error.WriteLine("This runs only inside the guest that build/test-kernels boots.");
    return 2;
}

var report = new Report();
var (objects, cases, verified) = (args[0], args[1], args[2]);
ObjectLoading.Check(report, objects);
VerifierCost.Check(report, File.ReadAllLines(verified));
AttachSmoke.Check(report);
TraceSmoke.Check(report);
PacketCases.Check(report, cases, File.ReadAllBytes(Path.Combine(objects, "tests/verdict.bpf.o")));
return report.Finish();
