using EbpfPersonas.Controller.Hosting;
using EbpfPersonas.Personas.Identity;
using EbpfPersonas.Personas.Json;
using Microsoft.Net.Http.Headers;

namespace EbpfPersonas.Controller.Api;

/// <summary>Reads request bodies: JSON in UTF-8, at most <see cref="MaxBytes"/>, without secrets.</summary>
internal static class RequestBody
{
    /// <summary>1 MiB.</summary>
    public const int MaxBytes = JsonBody.MaxBytes;

    /// <summary>The body, or the problem with it.</summary>
    public static async Task<(ReadOnlyMemory<byte> Body, Problem? Problem)> ReadAsync(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!IsJson(request.ContentType))
        {
            return (default, Problem.OfStatus(StatusCodes.Status415UnsupportedMediaType));
        }

        if (request.ContentLength > MaxBytes)
        {
            return (default, Problem.OfStatus(StatusCodes.Status413PayloadTooLarge));
        }

        var buffer = new byte[Math.Min(request.ContentLength ?? 4096, MaxBytes) + 1];
        var length = 0;
        var aborted = request.HttpContext.RequestAborted;
        using var hurry = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        hurry.CancelAfter(
            request.HttpContext.RequestServices.GetRequiredService<ControllerSettings>().Patience.Body);
        while (true)
        {
            int read;
            try
            {
                read = await request.Body.ReadAsync(buffer.AsMemory(length), hurry.Token);
            }
            catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
            {
                return (default, Problem.OfStatus(StatusCodes.Status408RequestTimeout));
            }

            if (read == 0)
            {
                return Checked(buffer.AsMemory(0, length));
            }

            length += read;
            if (length > MaxBytes)
            {
                return (default, Problem.OfStatus(StatusCodes.Status413PayloadTooLarge));
            }

            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, Math.Min(2 * buffer.Length, MaxBytes + 1));
            }
        }
    }

    /// <summary>A secret would be kept, shown to all who may read, and sent to VMs.</summary>
    private static (ReadOnlyMemory<byte> Body, Problem? Problem) Checked(ReadOnlyMemory<byte> body) =>
        SecretText.IsIn(body.Span)
            ? (default, Problem.BadRequest(
                "There is a token in the body. Tokens belong into Authorization alone; make a new one in its place."))
            : (body, null);

    private static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || (type.Type.Equals("application", StringComparison.OrdinalIgnoreCase)
                && type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase)))
        && (!type.Charset.HasValue || type.Charset.Value.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase));
}
