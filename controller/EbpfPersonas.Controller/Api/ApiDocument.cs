using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace EbpfPersonas.Controller.Api;

/// <summary>Completes /openapi/v1.json with what the endpoints' types do not say.</summary>
internal static class ApiDocument
{
    public static void Configure(OpenApiOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "EbpfPersonas controller",
                Version = "v1",
                Description = "Define personas, say which VMs they may become active on, activate them, and watch " +
                    "what VMs do.",
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<ApiDescriptions.PagedMetadata>().Any())
            {
                operation.Parameters ??= [];
                operation.Parameters.Add(
                    Query("limit", JsonSchemaType.Integer, "Items a page, 1-500; 100 where absent."));
                operation.Parameters.Add(Query("cursor", JsonSchemaType.String, "next_cursor of the page before."));
            }

            return Task.CompletedTask;
        });
    }

    private static OpenApiParameter Query(string name, JsonSchemaType type, string description) => new()
    {
        Name = name,
        In = ParameterLocation.Query,
        Description = description,
        Schema = new OpenApiSchema { Type = type },
    };
}
