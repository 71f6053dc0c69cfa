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
    internal static Socket Open(string namespacePath, AddressFamily family, SocketType type, ProtocolType protocol)
    {
        var nativeFamily = family == AddressFamily.InterNetworkV6 ? LibC.AF_INET6 : LibC.AF_INET;
        var descriptor = -1;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                descriptor = OpenNative(namespacePath, nativeFamily, (int)type | LibC.SOCK_CLOEXEC, (int)protocol);
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null
            ? new Socket(new SafeSocketHandle(descriptor, ownsHandle: true))
            : throw new InvalidOperationException($"no socket in {namespacePath}", failure);
    }

    /// <summary>SocketType and ProtocolType have Linux's own numbers for what tests use: stream, dgram, raw; tcp, udp, icmp.</summary>
    private static int OpenNative(string namespacePath, int family, int type, int protocol)
    {
        using var home = OpenNamespace("/proc/thread-self/ns/net");
        using var target = OpenNamespace(namespacePath);
        Check(LibC.setns((int)target.DangerousGetHandle(), LibC.CLONE_NEWNET));
        var descriptor = LibC.socket(family, type, protocol);
        var error = descriptor < 0 ? LibC.errno : 0;
        Check(LibC.setns((int)home.DangerousGetHandle(), LibC.CLONE_NEWNET));
        return descriptor >= 0 ? descriptor : throw new Win32Exception(error);
    }

    private static SafeFileHandle OpenNamespace(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);

    private static int Check(int result) => result >= 0 ? result : throw new Win32Exception(LibC.errno);
}
