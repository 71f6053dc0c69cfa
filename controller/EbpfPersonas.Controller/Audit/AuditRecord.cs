using System.Security.Cryptography;
using System.Text;
using EbpfPersonas.Personas.Identity;

namespace EbpfPersonas.Controller.Audit;

/// <summary>
/// A link of the audit's chain. <paramref name="Hash"/> is the SHA-256 of the hash before it (32 zeros before the
/// first) and of everything else here, so that no record can be changed, taken out or put in without all after it
/// changing.
/// </summary>
/// <param name="Sequence">Its number, from 1 without a gap.</param> <param name="At">When, to the millisecond.</param>
/// <param name="Tenant">As <see cref="AuditEntry.Tenant"/>.</param> <param name="Actor">Who.</param>
/// <param name="Action">What.</param> <param name="Target">Of what.</param> <param name="Source">From where.</param>
/// <param name="Result">What came of it.</param> <param name="Hash">32 octets.</param>
internal sealed record AuditRecord(
    long Sequence, DateTimeOffset At, string? Tenant, string Actor, string Action, string Target, string Source,
    string Result, ReadOnlyMemory<byte> Hash)
{
    /// <summary>The record of <paramref name="entry"/>, without secrets, behind the last one.</summary>
    public static AuditRecord After(AuditRecord? last, AuditEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var record = new AuditRecord(
            (last?.Sequence ?? 0) + 1, DateTimeOffset.FromUnixTimeMilliseconds(entry.At.ToUnixTimeMilliseconds()),
            entry.Tenant, SecretText.Mask(entry.Actor), entry.Action, SecretText.Mask(entry.Target), entry.Source,
            SecretText.Mask(entry.Result), default);
        return record with { Hash = record.Compute(last) };
    }

    /// <summary>Whether it stands where it was written, as it was written.</summary>
    public bool Follows(AuditRecord? last) =>
        Sequence == (last?.Sequence ?? 0) + 1 && Hash.Span.SequenceEqual(Compute(last));

    private byte[] Compute(AuditRecord? last)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(last is null ? new byte[SHA256.HashSizeInBytes] : last.Hash.Span);
        Span<byte> number = stackalloc byte[sizeof(long)];
        foreach (var value in (ReadOnlySpan<long>)[Sequence, At.ToUnixTimeMilliseconds()])
        {
            System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(number, value);
            hash.AppendData(number);
        }

        foreach (var text in (ReadOnlySpan<string?>)[Tenant, Actor, Action, Target, Source, Result])
        {
            // Each with its length in front, so that nothing can move from one to the next; -1 is none.
            var octets = text is null ? [] : Encoding.UTF8.GetBytes(text);
            System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(number, text is null ? -1 : octets.Length);
            hash.AppendData(number);
            hash.AppendData(octets);
        }

        return hash.GetHashAndReset();
    }
}
