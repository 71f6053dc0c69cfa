namespace EbpfPersonas.TestKit.Cases;

/// <summary>One line of <c>packets.txt</c> that is no comment; <paramref name="Line"/> counts from 1.</summary>
public abstract record CaseStep(int Line);
