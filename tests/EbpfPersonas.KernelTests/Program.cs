using EbpfPersonas.KernelTests;

// Usage: EbpfPersonas.KernelTests <folder of BPF objects>. Runs inside a QEMU guest, see guest-init.
var report = new Report();
ObjectLoading.Check(report, args[0]);
AttachSmoke.Check(report);
return report.Finish();
