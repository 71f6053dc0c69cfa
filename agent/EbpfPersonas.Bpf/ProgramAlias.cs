using EbpfPersonas.Bpf.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfPersonas.Bpf;

/// <summary>
/// A traffic control program that does nothing but call another one, for places that take a program only once. It calls
/// until it is disposed; from then on it drops every packet.
/// </summary>
public sealed unsafe class ProgramAlias : IDisposable
{
    // Documentation/bpf/standardization/instruction-set.rst; struct bpf_insn { code, registers, offset, immediate }.
    private const ulong LoadMapIntoR2 = 0x1218;
    private const ulong ClearR3 = 0x03b7;
    private const ulong TailCall = 0x85 | (12ul << 32); // BPF_FUNC_tail_call
    private const ulong ShotIntoR0 = 0xb7 | (2ul << 32); // TC_ACT_SHOT
    private const ulong Exit = 0x95;

    private readonly string _name;
    private readonly SafeFileHandle _target;
    private readonly SafeFileHandle _program;

    private ProgramAlias(string name, SafeFileHandle target, SafeFileHandle program) =>
        (_name, _target, _program) = (name, target, program);

    /// <summary>As <see cref="BpfProgram.AttachTcx"/>.</summary>
    public BpfLink AttachTcx(int interfaceIndex, bool ingress) =>
        BpfLink.AttachTcx((int)_program.DangerousGetHandle(), _name, interfaceIndex, ingress);

    /// <inheritdoc/>
    public void Dispose()
    {
        _program.Dispose();

        // The kernel empties a map of programs when the last descriptor is closed.
        _target.Dispose();
    }

    internal static ProgramAlias Make(int program, string name)
    {
        fixed (byte* label = "alias"u8)
        fixed (byte* license = "GPL"u8)
        {
            var target = new SafeFileHandle(
                BpfException.Check(
                    SyscallFunctions.bpf_map_create(
                        SyscallFunctions.BPF_MAP_TYPE_PROG_ARRAY, label, sizeof(uint), sizeof(uint), 1, null),
                    "make a map of programs"),
                ownsHandle: true);
            try
            {
                uint key = 0;
                var map = (int)target.DangerousGetHandle();
                BpfException.Check(
                    SyscallFunctions.bpf_map_update_elem(map, &key, &program, 0), $"put {name} into a map of programs");
                var instructions = stackalloc ulong[]
                {
                    LoadMapIntoR2 | ((ulong)(uint)map << 32), 0, ClearR3, TailCall, ShotIntoR0, Exit,
                };
                var alias = BpfException.Check(
                    SyscallFunctions.bpf_prog_load(
                        SyscallFunctions.BPF_PROG_TYPE_SCHED_CLS, label, license, instructions, 6, null),
                    $"load an alias of {name}");
                return new ProgramAlias(name, target, new SafeFileHandle(alias, ownsHandle: true));
            }
            catch
            {
                target.Dispose();
                throw;
            }
        }
    }
}
