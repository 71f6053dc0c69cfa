using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EbpfPersonas.Bpf.Native;

/// <summary>
/// Where libbpf is: linked into the native AOT agent, the distribution's shared library anywhere else.
/// </summary>
internal static class LibbpfLibrary
{
    public const string Name = "bpf";

#pragma warning disable CA2255 // The resolver must stand before the first native call, whoever makes it.
    [ModuleInitializer]
    public static void Register() => NativeLibrary.SetDllImportResolver(typeof(LibbpfLibrary).Assembly, Resolve);
#pragma warning restore CA2255

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        name == Name ? NativeLibrary.Load("libbpf.so.1", assembly, path) : nint.Zero;
}
