using EbpfPersonas.Controller.Activation;
using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Hosting;
using EbpfPersonas.Controller.Identity;
using EbpfPersonas.Controller.Store;
using Grpc.Core;
using Microsoft.AspNetCore.Connections.Features;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Controller.Fleet;

/// <summary>
/// The agents' side of the controller: one bidirectional stream for each VM, which is who its certificate says and
/// lasts no longer than that.
/// </summary>
internal sealed class AgentConnection(
    AgentGate gate, AgentFleet fleet, CertificateAuthority authority, ActivityIntake intake, IStore store,
    ControllerMetrics metrics, AgentsAddresses addresses, LimitedAudit audit, TimeProvider time,
    IHostApplicationLifetime lifetime, ILogger<AgentConnection> log) : V1.AgentService.AgentServiceBase
{
    private const int MaxNonce = 64;

    private const string ConnectAction = "Connect";

    private const string ConfirmAction = "Confirm";

    private const string BreakGlassAction = "BreakGlass";

    private static readonly TimeSpan HelloTimeout = TimeSpan.FromSeconds(10);

    public override async Task Connect(
        IAsyncStreamReader<V1.AgentMessage> requestStream, IServerStreamWriter<V1.ControllerMessage> responseStream,
        ServerCallContext context)
    {
        var credential = await gate.AdmitAsync(context, ConnectAction);
        var hello = await ReadHelloAsync(requestStream, context.CancellationToken);
        var identity = AgentReports.ReadIdentity(hello);
        var realised = AgentReports.ReadRealised(hello.Realised, time.GetUtcNow());
        if (!fleet.TryOpen(credential, out var session, out var replaced))
        {
            throw new RpcException(new Status(
                StatusCode.ResourceExhausted, $"This controller serves {AgentFleet.MaxStreams} agents already."));
        }

        var connection = context.GetHttpContext().Connection;
        var source = connection.RemoteIpAddress?.ToString() ?? "";
        addresses.CameBy(connection.LocalIpAddress, connection.LocalPort);
        var vm = session.Vm;
        using (session)
        using (EndAt(session, credential.NotAfter))
        using (var ending = CancellationTokenSource.CreateLinkedTokenSource(
            context.CancellationToken, lifetime.ApplicationStopping, session.Ended))
        {
            try
            {
                // From here on a revocation finds the stream; one that came before is found here.
                await gate.AdmitAsync(context, ConnectAction);
                if (replaced is not null)
                {
                    // An agent that comes back before its lost stream is noticed does that; two machines with one key
                    // do it all the time.
                    await audit.RecordAsync(Entry(
                        credential.Vm, source, ConnectAction, $"{AuditEntry.Ok}: took the place of another stream"));
                }

                await intake.ConnectAsync(vm, session.Stream, identity, realised);
                log.AgentConnected(vm, identity.AgentVersion, identity.KernelRelease);
                await session.WriteAsync(
                    responseStream,
                    new V1.ControllerMessage { Welcome = new V1.Welcome { ControllerId = store.ControllerId } },
                    ending.Token);
                await session.WriteAsync(
                    responseStream, new V1.ControllerMessage { Trust = TrustWriter.Write(authority.Current) },
                    ending.Token);
                await RunAsync(session, source, requestStream, responseStream, ending);
            }
            catch (Exception exception) when (
                exception is OperationCanceledException or IOException
                || (exception is InvalidOperationException && ending.IsCancellationRequested))
            {
                // How a stream normally ends; the reason is said below.
            }
            catch (Exception exception) when (
                exception is not (RpcException or OperationCanceledException or IOException))
            {
                log.StreamFailed(vm, exception);
                throw new RpcException(
                    new Status(StatusCode.Internal, "The controller could not process a message; see its log."));
            }
            finally
            {
                fleet.Close(session);
                log.AgentDisconnected(vm, Reason(session));
            }
        }

        if (session.Ending is { } end)
        {
            if (end == StreamEnd.NotReading)
            {
                // It would not take the status either.
                context.GetHttpContext().Features.Get<IConnectionLifetimeFeature>()?.Abort();
            }

            throw new RpcException(new Status(end.Code, end.Sentence));
        }

        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "The controller is shutting down."));
        }
    }

    public override async Task<V1.ConfirmAnswer> Confirm(V1.ConfirmRequest request, ServerCallContext context)
    {
        await gate.AdmitAsync(context, ConfirmAction);
        return request.Nonce.Length <= MaxNonce
            ? new V1.ConfirmAnswer { ControllerId = store.ControllerId, Nonce = request.Nonce }
            : throw new RpcException(
                new Status(StatusCode.InvalidArgument, $"nonce has more than {MaxNonce} octets."));
    }

    /// <summary>Ends a stream at the end of its certificate.</summary>
    private ITimer EndAt(AgentSession session, DateTimeOffset notAfter)
    {
        var left = notAfter - time.GetUtcNow();
        return time.CreateTimer(
            _ => session.End(StreamEnd.Expired), null, left > TimeSpan.Zero ? left : TimeSpan.Zero,
            Timeout.InfiniteTimeSpan);
    }

    private static AuditEntry Entry(VmKey vm, string source, string action, string result) => new()
    {
        Tenant = vm.Tenant,
        Actor = $"vm {vm.Id}",
        Action = action,
        Target = vm.ToString(),
        Source = source,
        Result = result,
    };

    private async Task<V1.Hello> ReadHelloAsync(
        IAsyncStreamReader<V1.AgentMessage> requests, CancellationToken aborted)
    {
        using var hurry = new CancellationTokenSource(HelloTimeout, time);
        using var greeting = CancellationTokenSource.CreateLinkedTokenSource(
            aborted, lifetime.ApplicationStopping, hurry.Token);
        try
        {
            return await CallFaults.NextAsync(requests, greeting.Token) && requests.Current.Hello is { } hello
                ? hello
                : throw new RpcException(new Status(StatusCode.InvalidArgument, "The first message is not a hello."));
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            throw new RpcException(new Status(StatusCode.DeadlineExceeded, $"No hello within {HelloTimeout}."));
        }
    }

    /// <summary>Reads and writes until either ends, then ends the other.</summary>
    private async Task RunAsync(
        AgentSession session, string source, IAsyncStreamReader<V1.AgentMessage> requests,
        IServerStreamWriter<V1.ControllerMessage> responses,
        CancellationTokenSource ending)
    {
        var writing = WriteAsync(session, responses, ending.Token);
        try
        {
            var reading = ReadAsync(session, source, requests, responses, ending.Token);
            await await Task.WhenAny(reading, writing);
        }
        finally
        {
            await ending.CancelAsync();
            await writing.ContinueWith(
                static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private async Task ReadAsync(
        AgentSession session, string source, IAsyncStreamReader<V1.AgentMessage> requests,
        IServerStreamWriter<V1.ControllerMessage> responses, CancellationToken ended)
    {
        var ready = false;
        while (await CallFaults.NextAsync(requests, ended))
        {
            switch (requests.Current.MessageCase)
            {
                case V1.AgentMessage.MessageOneofCase.Activity:
                    var batch = requests.Current.Activity;
                    if (!ready && !batch.Snapshot)
                    {
                        throw new RpcException(
                            new Status(StatusCode.InvalidArgument, "The first batch is not a snapshot."));
                    }

                    await intake.ReportAsync(
                        session.Vm, session.Stream, batch.Snapshot, AgentReports.ReadProcesses(batch),
                        AgentReports.Number(batch.EventsLost, "events_lost"));
                    if (!ready)
                    {
                        ready = true;
                        session.MakeReady();
                        await intake.PushCurrentAsync(session.Vm);
                    }

                    break;
                case V1.AgentMessage.MessageOneofCase.Result:
                    var result = requests.Current.Result;
                    await AnswerAsync(session, result);
                    await AcknowledgeAsync(new V1.Receipt { Generation = result.Generation });
                    break;
                case V1.AgentMessage.MessageOneofCase.Status:
                    var status = requests.Current.Status;
                    await intake.StatusAsync(
                        session.Vm, session.Stream, AgentReports.ReadRealised(status.Realised, time.GetUtcNow()),
                        AgentReports.ReadConditions(status), AgentReports.ReadRollbacks(status));
                    break;
                case V1.AgentMessage.MessageOneofCase.BreakGlass:
                    var use = AgentReports.ReadBreakGlass(requests.Current.BreakGlass);
                    log.BreakGlassUsed(session.Vm, use.Command, use.UserId, use.UserName, use.Time, use.Outcome);
                    if (await intake.BreakGlassAsync(session.Vm, use))
                    {
                        await audit.RecordAsync(Entry(
                            session.Vm, source, BreakGlassAction,
                            $"{AuditEntry.Ok}: {use.Command} by {use.UserName} ({use.UserId}), {use.Outcome}"));
                    }

                    await AcknowledgeAsync(new V1.Receipt { BreakGlass = requests.Current.BreakGlass.Id });
                    break;
                case V1.AgentMessage.MessageOneofCase.Switched:
                    await intake.SwitchedAsync(
                        session.Vm, session.Stream, AgentReports.ReadSwitch(requests.Current.Switched));
                    await AcknowledgeAsync(new V1.Receipt { Switched = requests.Current.Switched.Epoch });
                    break;
                default:
                    throw new RpcException(new Status(StatusCode.InvalidArgument, "Expected activity or a result."));
            }
        }

        Task AcknowledgeAsync(V1.Receipt receipt) =>
            session.WriteAsync(responses, new V1.ControllerMessage { Receipt = receipt }, ended);
    }

    private async Task AnswerAsync(AgentSession session, V1.ApplyResult result)
    {
        var generation = AgentReports.Generation(result.Generation, "result.generation");
        var now = time.GetUtcNow();
        var failure = result.Error is { } error ? AgentReports.ReadFailure(error, generation, now) : null;
        var realised = result.Realised is { } state ? AgentReports.ReadRealised(state, now) : null;
        if (failure is null && realised is null)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, "A result is neither an ACK nor a NACK."));
        }

        if (session.Sent.Generation == generation)
        {
            metrics.Of(session.Vm.Tenant).Pushed(time.GetElapsedTime(session.Sent.Timestamp));
        }

        await intake.AnswerAsync(session.Vm, session.Stream, generation, realised, failure);
        if (failure is not null)
        {
            log.ApplyFailed(session.Vm, generation, failure.Code, failure.Message);
        }
        else
        {
            log.Realised(session.Vm, realised!.Generation, realised.Epoch);
        }
    }

    private async Task WriteAsync(
        AgentSession session, IServerStreamWriter<V1.ControllerMessage> responses, CancellationToken ended)
    {
        await foreach (var message in session.ReadAllAsync(ended))
        {
            if (message.Desired is { } desired)
            {
                session.Sent = new AgentSession.SentState((long)desired.Generation, time.GetTimestamp());
            }

            await session.WriteAsync(responses, message, ended);
        }
    }

    private string Reason(AgentSession session) =>
        session.Ending is { } end ? end.Sentence.TrimEnd('.')
        : lifetime.ApplicationStopping.IsCancellationRequested ? "the controller is shutting down"
        : "closed by the agent or lost";
}
