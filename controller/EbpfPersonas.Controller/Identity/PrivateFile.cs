using System.ComponentModel;
using System.Text;
using Tmds.Linux;

namespace EbpfPersonas.Controller.Identity;

/// <summary>Files that only their owner reads, and that are there wholly or not at all.</summary>
internal static class PrivateFile
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode Others =
        UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Writes a file and makes its name durable, in place of the one that was there.</summary>
    public static void Write(string path, string text)
    {
        var beside = $"{path}.new";
        File.Delete(beside);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = Owner,
        };
        using (var file = new FileStream(beside, options))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }

        File.Move(beside, path, overwrite: true);
        FlushFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>The file that a path leads to, by whatever links.</summary>
    public static string Resolve(string path) =>
        File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;

    /// <summary>Throws <see cref="InvalidDataException"/> where everybody on this machine may read a file.</summary>
    public static void CheckHidden(string path)
    {
        if ((File.GetUnixFileMode(Resolve(path)) & Others) != 0)
        {
            throw new InvalidDataException($"{path} is a key that everybody on this machine may read: chmod 600.");
        }
    }

    private static unsafe void FlushFolder(string folder)
    {
        int descriptor;
        fixed (byte* name = Encoding.UTF8.GetBytes(folder + '\0'))
        {
            descriptor = LibC.open(name, LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC);
        }

        var flushed = descriptor >= 0 && LibC.fsync(descriptor) == 0;
        var errno = LibC.errno;
        if (descriptor >= 0)
        {
            _ = LibC.close(descriptor);
        }

        if (!flushed)
        {
            throw new IOException($"{folder}: {new Win32Exception(errno).Message}.");
        }
    }
}
