namespace EbpfPersonas.Agent.Activity;

/// <summary>Follows symbolic links as realpath(3) does, only by reading them.</summary>
internal static class RealPath
{
    private const int StepsMax = 512;

    /// <summary>The path without links, "." and ".."; null where a part of it does not exist.</summary>
    public static string? Resolve(string path)
    {
        var rest = new Stack<string>(path.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        var resolved = string.Empty;
        for (var steps = 0; rest.TryPop(out var part);)
        {
            if (part is ".")
            {
                continue;
            }

            if (part is "..")
            {
                resolved = resolved[..Math.Max(resolved.LastIndexOf('/'), 0)];
                continue;
            }

            var next = $"{resolved}/{part}";
            if (!Path.Exists(next) || ++steps > StepsMax)
            {
                return null;
            }

            if (new FileInfo(next).LinkTarget is not { } target)
            {
                resolved = next;
                continue;
            }

            resolved = target.StartsWith('/') ? string.Empty : resolved;
            foreach (var piece in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
            {
                rest.Push(piece);
            }
        }

        return resolved.Length == 0 ? "/" : resolved;
    }
}
