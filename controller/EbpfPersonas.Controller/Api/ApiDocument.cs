using System.Text;
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
            AddPersonaSchema(document);
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

    /// <summary>The document is read by hand, so that no type says what it looks like.</summary>
    private static void AddPersonaSchema(OpenApiDocument document)
    {
        var text = Encoding.UTF8.GetString(EmbeddedFile.Read("persona-schema.json"));
        var persona = OpenApiDocument.Parse(text, "json").Document!;
        document.Components ??= new OpenApiComponents();
        document.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>();
        document.Components.Schemas.Remove(nameof(ApiDescriptions.PersonaBody));
        foreach (var (name, schema) in persona.Components!.Schemas!)
        {
            document.AddComponent(name, schema);
        }

        var contents = document.Paths.Values.SelectMany(path => path.Operations!.Values).SelectMany(operation =>
            operation.Responses!.Values.Select(answer => answer.Content).Append(operation.RequestBody?.Content));
        foreach (var media in contents.Where(content => content is not null).SelectMany(content => content!.Values))
        {
            if (media.Schema is OpenApiSchemaReference { Reference.Id: nameof(ApiDescriptions.PersonaBody) })
            {
                media.Schema = new OpenApiSchemaReference("Persona", document);
            }
        }
    }

    private static OpenApiParameter Query(string name, JsonSchemaType type, string description) => new()
    {
        Name = name,
        In = ParameterLocation.Query,
        Description = description,
        Schema = new OpenApiSchema { Type = type },
    };
}
