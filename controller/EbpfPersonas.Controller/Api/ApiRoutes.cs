using EbpfPersonas.Controller.Access;
using Microsoft.AspNetCore.Http.Timeouts;

namespace EbpfPersonas.Controller.Api;

/// <summary>Everything below /api/v1, its description, and the probes.</summary>
internal static class ApiRoutes
{
    public static void AddApi(this WebApplicationBuilder builder)
    {
        builder.Services.AddRequestTimeouts(options =>
            options.DefaultPolicy = new RequestTimeoutPolicy { Timeout = TimeSpan.FromSeconds(30) });
        builder.Services.ConfigureHttpJsonOptions(options => ApiJson.Configure(options.SerializerOptions));
        builder.Services.AddOpenApi("v1", ApiDocument.Configure);
        builder.Services.AddSingleton<VmStatusReader>();
    }

    public static void MapApi(this WebApplication app)
    {
        var api = app.MapGroup("/api/v1");
        api.MapPersonas();
        api.MapVms();
        api.MapActivations();
        api.MapActivity();
        api.MapCertificates();
        api.MapEnrolmentTokens();
        api.MapTokens();
        api.MapAudit();
        app.MapProbes();
        app.MapOpenApi().Allows(Role.Viewer).WithMetadata(new TokenAuthentication.ForPeople());
        app.MapReference();
    }
}
