namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>A persona, or one of its revisions, in a list.</summary>
/// <param name="Name">The persona's name.</param>
/// <param name="Metadata">What the server knows of it.</param>
internal sealed record PersonaListItem(string Name, PersonaMetadata Metadata)
{
    public static PersonaListItem Of(Store.PersonaSummary summary) =>
        new(summary.Name, new PersonaMetadata(summary.Revision, summary.Created, summary.Updated));
}
