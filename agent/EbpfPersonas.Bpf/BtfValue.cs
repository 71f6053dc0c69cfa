using System.Globalization;
using System.Text;

namespace EbpfPersonas.Bpf;

/// <summary>The type of a map's keys or values.</summary>
public sealed class BtfValue
{
    private readonly BtfTypes _types;
    private readonly uint _id;

    internal BtfValue(BtfTypes types, uint id) => (_types, _id) = (types, id);

    /// <summary>Octets of one.</summary>
    public int Size => _types.Shape(_id).Size;

    /// <summary>Where a member of the struct lies, or null.</summary>
    public BtfMember? Member(string name) =>
        _types.Shape(_id).Members?.FirstOrDefault(member => member.Name == name);

    /// <summary>
    /// Names, offsets and sizes of all that is in it, in words: two that are equal mean the same octets by the same
    /// names.
    /// </summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        Describe(_id, text);
        return text.ToString();
    }

    /// <summary>How the octets of <paramref name="from"/> become those of this one.</summary>
    internal List<(int From, int To, int Length)> PiecesOf(BtfValue from)
    {
        var pieces = new List<(int From, int To, int Length)>();
        Match(from._types, from._id, 0, _id, 0, pieces);
        return pieces;
    }

    private void Match(
        BtfTypes source, uint fromId, int from, uint toId, int to, List<(int From, int To, int Length)> pieces)
    {
        var (old, now) = (source.Shape(fromId), _types.Shape(toId));
        if (old.Members is not null && now.Members is not null)
        {
            foreach (var member in now.Members.Where(member => member.Size > 0))
            {
                if (old.Members.FirstOrDefault(other => other.Name == member.Name && other.Size > 0) is { } other)
                {
                    Match(source, other.Type, from + other.Offset, member.Type, to + member.Offset, pieces);
                }
            }
        }
        else if (old.Element != 0 && now.Element != 0)
        {
            var (step, stride) = (source.Shape(old.Element).Size, _types.Shape(now.Element).Size);
            for (var i = 0; i < Math.Min(old.Length, now.Length); i++)
            {
                Match(source, old.Element, from + (i * step), now.Element, to + (i * stride), pieces);
            }
        }
        else if (old.Members is null && now.Members is null && old.Element == 0 && now.Element == 0)
        {
            // Little-endian: a wider number begins with the octets of the narrower one.
            Add(pieces, from, to, Math.Min(old.Size, now.Size));
        }
    }

    private static void Add(List<(int From, int To, int Length)> pieces, int from, int to, int length)
    {
        if (pieces is [.., var last] && last.From + last.Length == from && last.To + last.Length == to)
        {
            pieces[^1] = last with { Length = last.Length + length };
        }
        else
        {
            pieces.Add((from, to, length));
        }
    }

    private void Describe(uint id, StringBuilder text)
    {
        var shape = _types.Shape(id);
        if (shape.Members is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"{shape.Name}:{shape.Size}{{");
            foreach (var member in shape.Members)
            {
                text.Append(CultureInfo.InvariantCulture, $"{member.Name}@{member.Offset}=");
                Describe(member.Type, text);
                text.Append(';');
            }

            text.Append('}');
        }
        else if (shape.Element != 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{shape.Length}*");
            Describe(shape.Element, text);
        }
        else
        {
            text.Append(CultureInfo.InvariantCulture, $"{shape.Size}");
        }
    }
}
