namespace EbpfPersonas.Agent.Activity;

/// <summary>The names that execveat(2) makes up for files that are given by descriptor.</summary>
internal static class DescriptorPath
{
    /// <summary>What they begin with.</summary>
    public const string Prefix = "/dev/fd/";

    /// <summary>
    /// What was given to exec: of "/dev/fd/N" nothing, of "/dev/fd/N/name" the name. The kernel side judges the same
    /// way (process_given_path() of bpf/lib/process_image.h), by its own mark instead of the text.
    /// </summary>
    public static string Given(string executed)
    {
        if (!executed.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return executed;
        }

        var slash = executed.IndexOf('/', Prefix.Length);
        return slash < 0 ? string.Empty : executed[(slash + 1)..];
    }
}
