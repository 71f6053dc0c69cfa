namespace EbpfPersonas.Controller.Api;

/// <summary>Everything below /api/v1, its description, and the probes.</summary>
internal static class ApiRoutes
{
    public static void AddApi(this WebApplicationBuilder builder)
    {
        builder.Services.ConfigureHttpJsonOptions(options => ApiJson.Configure(options.SerializerOptions));
        builder.Services.AddOpenApi("v1", ApiDocument.Configure);
    }

    public static void MapApi(this WebApplication app)
    {
        var api = app.MapGroup("/api/v1");
        api.MapPersonas();
        api.MapVms();
        api.MapActivations();
        api.MapActivity();
        app.MapProbes();
        app.MapOpenApi();
        app.MapReference();
    }
}
