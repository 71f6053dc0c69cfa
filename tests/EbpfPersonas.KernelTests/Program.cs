var passed = 0;
var failed = 0;

Check("the kernel has BTF", File.Exists("/sys/kernel/btf/vmlinux"));
Check("bpffs is mounted", File.ReadAllText("/proc/mounts").Contains(" bpf ", StringComparison.Ordinal));

Console.WriteLine($"{passed} passed, {failed} failed");
return failed == 0 ? 0 : 1;

void Check(string what, bool good)
{
    Console.WriteLine($"{(good ? "pass" : "FAIL")} {what}");
    _ = good ? passed++ : failed++;
}
