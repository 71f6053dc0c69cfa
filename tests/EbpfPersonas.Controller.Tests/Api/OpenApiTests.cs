using Xunit;

namespace EbpfPersonas.Controller.Tests.Api;

public sealed class OpenApiTests : ControllerTest
{
    [Fact]
    public async Task The_description_is_OpenAPI_3_1_and_every_operation_has_a_name_and_a_summary()
    {
        var document = await Controller.GetAsync("/openapi/v1.json");

        Assert.StartsWith("3.1", (string)document["openapi"]!, StringComparison.Ordinal);
        var operations = document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject()
            .Select(operation => (Path: $"{operation.Key} {path.Key}", Operation: operation.Value!))).ToArray();
        Assert.Contains(operations, operation => operation.Path == "put /api/v1/personas/{name}");
        Assert.Contains(operations, operation => operation.Path == "post /api/v1/vms/{id}/activations");
        Assert.All(operations, operation => Assert.NotNull(operation.Operation["summary"]));
        Assert.Equal(operations.Length, operations.Select(operation => (string)operation.Operation["operationId"]!).Distinct().Count());
        Assert.DoesNotContain(operations, operation => operation.Path.Contains("metrics", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_problem_names_its_members_as_they_are_sent()
    {
        var document = await Controller.GetAsync("/openapi/v1.json");

        var problem = document["components"]!["schemas"]!["Problem"]!["properties"]!.AsObject();

        Assert.Equal(["type", "title", "status", "detail", "errors"], problem.Select(member => member.Key));
    }
}
