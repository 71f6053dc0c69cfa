namespace EbpfPersonas.KernelTests;

/// <summary>One line a check, and the sum at the end.</summary>
internal sealed class Report
{
    private int _passed;
    private int _failed;

    /// <summary>Runs one check; what it throws is its failure.</summary>
    public void Check(string name, Action check)
    {
        try
        {
            check();
            _passed++;
            Console.WriteLine($"pass {name}");
        }
        catch (Exception exception)
        {
            _failed++;
            Console.WriteLine($"FAIL {name}: {exception.Message}");
        }
    }

    /// <summary>Prints the sum; gives the exit code. Having checked nothing is a failure.</summary>
    public int Finish()
    {
        Console.WriteLine($"{_passed} passed, {_failed} failed");
        return _failed == 0 && _passed > 0 ? 0 : 1;
    }
}
