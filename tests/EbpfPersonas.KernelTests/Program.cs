using EbpfPersonas.KernelTests;

// Usage: EbpfPersonas.KernelTests <folder of BPF objects> <folder of cases>. Runs inside a QEMU guest, see guest-init.
var report = new Report();
var (objects, cases) = (args[0], args[1]);
ObjectLoading.Check(report, objects);
AttachSmoke.Check(report);
PacketCases.Check(report, cases, File.ReadAllBytes(Path.Combine(objects, "tests/verdict.bpf.o")));
return report.Finish();
