using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using EbpfPersonas.Controller.Access;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Access;

/// <summary>
/// What every operation of the OpenAPI document answers to every kind of caller. An operation that is new is in no line
/// of role-matrix.txt, and fails until somebody has said who may call it.
/// </summary>
public sealed class RoleMatrixTests : ControllerTest
{
    private static readonly (string Name, Role Role, string Tenant)[] Callers =
    [
        ("viewer", Role.Viewer, "default"), ("operator", Role.Operator, "default"), ("admin", Role.Admin, "default"),
        ("other-viewer", Role.Viewer, "other"), ("other-operator", Role.Operator, "other"),
        ("other-admin", Role.Admin, "other"),
    ];

    /// <summary>A body that is right; the others need none.</summary>
    private static readonly Dictionary<string, string> Bodies = new()
    {
        ["PutPersona"] = """{"name":"written"}""",
        ["ValidatePersona"] = RunningController.Persona,
        ["PutBindings"] = """{"personas":[]}""",
        ["Activate"] = """{"persona":"db"}""",
        ["CreateToken"] = """{"name":"new","role":"viewer"}""",
        ["CreateEnrolmentToken"] = """{"vm_id":"vm-9"}""",
    };

    private byte _sources;

    [Fact]
    public async Task Every_operation_answers_every_kind_of_caller_as_the_table_says()
    {
        var document = await Controller.GetAsync("/openapi/v1.json");
        var lines = new List<string>();
        foreach (var (path, operations) in document["paths"]!.AsObject())
        {
            foreach (var (method, operation) in operations!.AsObject())
            {
                lines.Add(await LineAsync(method.ToUpperInvariant(), path, (string)operation!["operationId"]!));
            }
        }

        lines.Sort(StringComparer.Ordinal);
        var table = (await File.ReadAllLinesAsync(Path.Combine(
            RepositoryFiles.Root,
            "tests", "EbpfPersonas.Controller.Tests", "Access", "role-matrix.txt")))
            .Where(line => line.Length > 0 && line[0] != '#').Order(StringComparer.Ordinal).ToArray();
        Assert.True(table.SequenceEqual(lines), "The table would be:\n" + string.Join('\n', lines));
    }

    private async Task<string> LineAsync(string method, string path, string operation)
    {
        var answers = new StringBuilder();
        answers.Append(CultureInfo.InvariantCulture, $"{operation} {method} {path} none={await AskAsync(null)}");
        foreach (var (name, role, tenant) in Callers)
        {
            using var http = await Controller.CallerAsync(role, tenant);
            answers.Append(CultureInfo.InvariantCulture, $" {name}={await AskAsync(http)}");
        }

        return answers.ToString();

        async Task<int> AskAsync(HttpClient? caller)
        {
            // What an earlier caller took away is there again.
            await using var agent = await PrepareAsync();
            using var anonymous = Anonymous();
            using var request = new HttpRequestMessage(new HttpMethod(method), await FillAsync(path, operation));
            if (Bodies.TryGetValue(operation, out var body))
            {
                request.Content = RunningController.Json(body);
            }

            using var answer = await (caller ?? anonymous).SendAsync(request);
            Assert.True(
                answer.IsSuccessStatusCode
                    || answer.Content.Headers.ContentType?.MediaType == "application/problem+json",
                $"{operation}: {answer.StatusCode} without a problem");
            return (int)answer.StatusCode;
        }
    }

    /// <summary>From another address each time: one that fails too often is refused for that.</summary>
    private HttpClient Anonymous()
    {
        var source = new IPEndPoint(new IPAddress([127, 0, 1, ++_sources]), 0);
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellation) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(source);
                await socket.ConnectAsync(context.DnsEndPoint, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        return new HttpClient(handler) { BaseAddress = new Uri(Controller.ApiUrl) };
    }

    private async Task<IAsyncDisposable> PrepareAsync()
    {
        await Controller.PutPersonaAsync(RunningController.Persona);
        await Controller.PutPersonaAsync("""{"name":"spare"}""");
        var agent = await Controller.AgentAsync("vm-1");
        await Controller.BindAsync("vm-1", """["db"]""");
        await Controller.ActivateAsync("vm-1", """{"persona":"db"}""");
        return agent;
    }

    /// <summary>Puts names of the tenant "default" into a path.</summary>
    private async Task<string> FillAsync(string path, string operation)
    {
        var id = operation.Contains("EnrolmentToken", StringComparison.Ordinal)
            ? await MadeAsync("/api/v1/enrolment-tokens", Bodies["CreateEnrolmentToken"])
            : operation.EndsWith("Token", StringComparison.Ordinal)
                ? await MadeAsync("/api/v1/tokens", Bodies["CreateToken"])
                : "vm-1";
        var name = operation == "PutPersona" ? "written" : "spare";
        return path.Replace("{name}", name, StringComparison.Ordinal)
            .Replace("{revision}", "1", StringComparison.Ordinal).Replace("{id}", id, StringComparison.Ordinal);
    }

    private async Task<string> MadeAsync(string path, string body)
    {
        using var answer = await Controller.Http.PostAsync(path, RunningController.Json(body));
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["id"]!;
    }
}
