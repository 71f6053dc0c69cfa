using EbpfPersonas.Protos.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace EbpfPersonas.TestKit.Agents;

/// <summary>
/// An agent without a kernel: speaks the real protocol to a real controller, and answers as it is told.
/// </summary>
public sealed class FakeAgent : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly GrpcChannel _channel;
    private readonly AsyncDuplexStreamingCall<AgentMessage, ControllerMessage> _call;
    private ulong _sequence;
    private Task<bool>? _pending;

    private FakeAgent(string address, FakeIdentity identity)
    {
        _channel = identity.Open(address);
        _call = new AgentService.AgentServiceClient(_channel).Connect();
    }

    /// <summary>What it says that a VM can do whose kernel carries out triggers.</summary>
    public static IReadOnlyList<string> ActivatesItself { get; } = ["attach:tcx", "activation:kernel"];

    /// <summary>What the controller called itself.</summary>
    public string ControllerId { get; private set; } = "";

    /// <summary>What the datapath would run.</summary>
    public RealisedState Realised { get; private set; } = new();

    /// <summary>What the controller said it has got.</summary>
    public List<Receipt> Receipts { get; } = [];

    /// <summary>Whom the controller said to trust, each time.</summary>
    public List<TrustBundle> Trusts { get; } = [];

    /// <summary>What the controller wants to hear of at once, each time that it said so.</summary>
    public List<Watch> Watches { get; } = [];

    /// <summary>Says hello and waits for the welcome.</summary>
    public static async Task<FakeAgent> ConnectAsync(
        string address, FakeIdentity identity, RealisedState? realised = null,
        IReadOnlyList<string>? capabilities = null)
    {
        ArgumentNullException.ThrowIfNull(identity);
        var agent = new FakeAgent(address, identity) { Realised = realised ?? new RealisedState() };
        try
        {
            await agent._call.RequestStream.WriteAsync(new AgentMessage
            {
                Hello = new Hello
                {
                    AgentVersion = "0.1.0",
                    KernelRelease = "6.18.0",
                    BootId = "boot",
                    Capabilities = { capabilities ?? ["attach:tcx"] },
                    Realised = agent.Realised,
                },
            });
        }
        catch (Exception exception) when (exception is RpcException or InvalidOperationException)
        {
            // The controller refused before it had read this; why, the other direction says.
        }

        agent.ControllerId = (await agent.ReadAsync()).Welcome.ControllerId;
        return agent;
    }

    /// <summary>Connects and reports the processes that run already.</summary>
    public static async Task<FakeAgent> StartAsync(
        string address, FakeIdentity identity, params ProcessStarted[] running)
    {
        var agent = await ConnectAsync(address, identity);
        await agent.SnapshotAsync(running);
        return agent;
    }

    /// <summary>A process as the kernel would report it.</summary>
    public static ProcessStarted Process(
        uint pid, string path, string? executable = null, StartKind kind = StartKind.Exec, uint user = 0,
        string parent = "")
    {
        return new ProcessStarted
        {
            Pid = pid,
            ParentPid = 1,
            UserId = user,
            UserName = user == 0 ? "root" : "",
            Path = path,
            Executable = executable ?? path,
            Kind = kind,
            ParentPath = parent,
            ParentExecutable = parent,
        };
    }

    /// <summary>Lists every live process.</summary>
    public Task SnapshotAsync(params ProcessStarted[] running) => SendAsync(snapshot: true, [.. running.Select(Event)]);

    public Task ExecAsync(uint pid, string path, string? executable = null, uint user = 0) =>
        SendAsync(snapshot: false, Event(Process(pid, path, executable, user: user)));

    public Task ForkAsync(uint pid, string path, string? executable = null) =>
        SendAsync(snapshot: false, Event(Process(pid, path, executable, StartKind.Fork)));

    public Task ExitAsync(uint pid) => SendAsync(
        snapshot: false,
        new ProcessEvent { Sequence = ++_sequence, Time = Now(), Exited = new ProcessExited { Pid = pid } });

    /// <summary>Sends events in one batch.</summary>
    public Task SendAsync(bool snapshot, params ProcessEvent[] events)
    {
        var batch = new ActivityBatch { Snapshot = snapshot };
        batch.Processes.AddRange(events);
        return _call.RequestStream.WriteAsync(new AgentMessage { Activity = batch });
    }

    public ProcessEvent Event(ProcessStarted started) =>
        new() { Sequence = ++_sequence, Time = Now(), Started = started };

    /// <summary>The next desired state, without an answer to it.</summary>
    public async Task<DesiredState> NextAsync() => (await ReadAsync()).Desired;

    /// <summary>Takes the next desired state and ACKs it.</summary>
    public async Task<DesiredState> RealiseNextAsync()
    {
        var desired = await NextAsync();
        await AcknowledgeAsync(desired);
        return desired;
    }

    public Task AcknowledgeAsync(DesiredState desired)
    {
        Realised = new RealisedState
        {
            Generation = desired.Generation,
            Epoch = Realised.Epoch + 1,
            Persona = desired.Persona?.Name ?? "",
            Revision = desired.Persona?.Revision ?? 0,
        };
        return _call.RequestStream.WriteAsync(
            new AgentMessage { Result = new ApplyResult { Generation = desired.Generation, Realised = Realised } });
    }

    /// <summary>
    /// ACKs, and says that what runs is not the desired persona but one that it put in force by itself.
    /// </summary>
    public Task AcknowledgeAsync(DesiredState desired, Persona inForce)
    {
        Realised = new RealisedState
        {
            Generation = desired.Generation,
            Epoch = Realised.Epoch + 1,
            Persona = inForce.Name,
            Revision = inForce.Revision,
        };
        return _call.RequestStream.WriteAsync(
            new AgentMessage { Result = new ApplyResult { Generation = desired.Generation, Realised = Realised } });
    }

    /// <summary>Switches by itself, to nothing where <paramref name="persona"/> is null, and says so.</summary>
    public Task SwitchAsync(
        Persona? persona, SwitchCause cause, SwitchProcess? process = null, string rolledBack = "")
    {
        Realised = new RealisedState
        {
            Generation = Realised.Generation,
            Epoch = Realised.Epoch + 1,
            Persona = persona?.Name ?? "",
            Revision = persona?.Revision ?? 0,
        };
        return SendAsync(new SwitchReport
        {
            Epoch = Realised.Epoch,
            Persona = Realised.Persona,
            Revision = Realised.Revision,
            Cause = cause,
            Process = process,
            Time = Now(),
            RolledBack = rolledBack,
        });
    }

    /// <summary>Says that it switched, whatever it runs.</summary>
    public Task SendAsync(SwitchReport report) =>
        _call.RequestStream.WriteAsync(new AgentMessage { Switched = report });

    /// <summary>NACKs: what ran before runs on.</summary>
    public Task RefuseAsync(DesiredState desired, string code, string message)
    {
        var error = new ApplyError { Code = code, Message = message };
        return _call.RequestStream.WriteAsync(
            new AgentMessage { Result = new ApplyResult { Generation = desired.Generation, Error = error } });
    }

    /// <summary>Says what keeps the VM from enforcing what was decided.</summary>
    public Task SendStatusAsync(RealisedState realised, params AgentCondition[] conditions) =>
        _call.RequestStream.WriteAsync(new AgentMessage
        {
            Status = new AgentStatus { Realised = realised, Conditions = { conditions } },
        });

    /// <summary>Says what was not confirmed in time.</summary>
    public Task SendRollbacksAsync(params Rollback[] rollbacks) =>
        _call.RequestStream.WriteAsync(new AgentMessage
        {
            Status = new AgentStatus { Realised = Realised, Rollbacks = { rollbacks } },
        });

    /// <summary>A revision that was not confirmed so many times; after two it is quarantined.</summary>
    public static Rollback RolledBack(string persona, ulong revision, uint count) => new()
    {
        Persona = persona,
        Revision = revision,
        Count = count,
        Quarantined = count >= 2,
        Time = Now(),
        Reason = "timeout",
    };

    /// <summary>Asks whether the controller is reached, beside the stream.</summary>
    public async Task<ConfirmAnswer> ConfirmAsync(byte[] nonce) =>
        await new AgentService.AgentServiceClient(_channel).ConfirmAsync(
            new ConfirmRequest { Nonce = Google.Protobuf.ByteString.CopyFrom(nonce) });

    /// <summary>Says that the operator went around the controller.</summary>
    public Task SendBreakGlassAsync(string id, string command) =>
        _call.RequestStream.WriteAsync(new AgentMessage
        {
            BreakGlass = new BreakGlassUse
            {
                Id = id,
                Time = Now(),
                UserId = 0,
                SudoUser = "alice\u001b",
                Command = command,
                Outcome = "The filters are off.",
            },
        });

    /// <summary>Whether nothing comes for a while.</summary>
    public async Task<bool> HearsNothingAsync(TimeSpan duration)
    {
        var end = Task.Delay(duration);
        while (true)
        {
            _pending ??= _call.ResponseStream.MoveNext(CancellationToken.None);
            if (await Task.WhenAny(_pending, end) != _pending)
            {
                return true;
            }

            if (!await _pending || !TakeAside(_call.ResponseStream.Current))
            {
                return false;
            }

            _pending = null;
        }
    }

    /// <summary>Waits for the receipt of a result or of a use of break glass.</summary>
    public async Task<Receipt> NextReceiptAsync()
    {
        var count = Receipts.Count;
        while (Receipts.Count == count)
        {
            _pending ??= _call.ResponseStream.MoveNext(CancellationToken.None);
            if (!await _pending.WaitAsync(Patience) || !TakeAside(_call.ResponseStream.Current))
            {
                throw new InvalidOperationException("Something else came than a receipt.");
            }

            _pending = null;
        }

        return Receipts[^1];
    }

    /// <summary>Waits for the end of the stream and gives its status.</summary>
    public async Task<StatusCode> EndAsync() => (await EndStatusAsync()).StatusCode;

    /// <summary>As <see cref="EndAsync"/>, with the sentence.</summary>
    public async Task<Status> EndStatusAsync()
    {
        try
        {
            using var patience = new CancellationTokenSource(Patience);
            bool more;
            do
            {
                // A read that HearsNothingAsync left under way goes on: there is no second one beside it.
                _pending ??= _call.ResponseStream.MoveNext(CancellationToken.None);
                more = await _pending.WaitAsync(patience.Token);
                _pending = null;
            }
            while (more);

            return Status.DefaultSuccess;
        }
        catch (RpcException exception)
        {
            return exception.Status;
        }
    }

    public ValueTask DisposeAsync()
    {
        _call.Dispose();
        _channel.Dispose();
        return ValueTask.CompletedTask;
    }

    private static Google.Protobuf.WellKnownTypes.Timestamp Now() =>
        Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow());

    private bool TakeAside(ControllerMessage message)
    {
        if (message.Receipt is not null)
        {
            Receipts.Add(message.Receipt);
        }

        if (message.Watch is not null)
        {
            Watches.Add(message.Watch);
        }

        if (message.Trust is not null)
        {
            Trusts.Add(message.Trust);
        }

        return message.Receipt is not null || message.Watch is not null || message.Trust is not null;
    }

    /// <summary>The next message but for receipts and what is watched for.</summary>
    private async Task<ControllerMessage> ReadAsync()
    {
        do
        {
            var next = _pending ?? _call.ResponseStream.MoveNext(CancellationToken.None);
            _pending = null;
            if (!await next.WaitAsync(Patience))
            {
                throw new InvalidOperationException("The controller ended the stream.");
            }
        }
        while (TakeAside(_call.ResponseStream.Current));

        return _call.ResponseStream.Current;
    }
}
