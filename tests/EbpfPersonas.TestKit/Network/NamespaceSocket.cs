using System.ComponentModel;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace EbpfPersonas.TestKit.Network;

/// <summary>
/// Makes sockets in other network namespaces. A socket belongs to the namespace of the thread that made it (setns(2)),
/// so one thread of its own goes there and back, with nothing but socket(2) in between: a runtime thread started in
/// that moment would inherit the namespace and keep it alive.
/// </summary>
internal static class NamespaceSocket
{
    /// <summary>
    /// SocketType and ProtocolType have Linux's own numbers for what tests use: stream, dgram, raw; tcp, udp, icmp.
    /// </summary>
    internal static Socket Open(string namespacePath, AddressFamily family, SocketType type, ProtocolType protocol)
    {
        var nativeFamily = family == AddressFamily.InterNetworkV6 ? LibC.AF_INET6 : LibC.AF_INET;
        var (descriptor, error) = Run(namespacePath, () =>
        {
            var made = LibC.socket(nativeFamily, (int)type | LibC.SOCK_CLOEXEC, (int)protocol);
            return (made, made < 0 ? LibC.errno : 0);
        });
        return descriptor >= 0
            ? new Socket(new SafeSocketHandle(descriptor, ownsHandle: true))
            : throw new InvalidOperationException($"no socket in {namespacePath}", new Win32Exception(error));
    }

    /// <summary>Runs <paramref name="action"/> on a thread of its own that is in the namespace meanwhile.</summary>
    internal static T Run<T>(string namespacePath, Func<T> action)
    {
        T? result = default;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var home = OpenNamespace("/proc/thread-self/ns/net");
                using var target = OpenNamespace(namespacePath);
                Check(LibC.setns((int)target.DangerousGetHandle(), LibC.CLONE_NEWNET));
                try
                {
                    result = action();
                }
                finally
                {
                    Check(LibC.setns((int)home.DangerousGetHandle(), LibC.CLONE_NEWNET));
                }
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? result! : throw new InvalidOperationException($"not done in {namespacePath}", failure);
    }

    private static SafeFileHandle OpenNamespace(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);

    private static int Check(int result) => result >= 0 ? result : throw new Win32Exception(LibC.errno);
}
