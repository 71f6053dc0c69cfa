namespace EbpfPersonas.Personas.Json;

/// <summary>The closed set of error and warning codes. Clients match on them, so a code is never renamed.</summary>
internal static class FindingCode
{
    // Form of the JSON.
    public const string MalformedJson = "MALFORMED_JSON";
    public const string TooDeep = "TOO_DEEP";
    public const string TooMany = "TOO_MANY";
    public const string MalformedText = "MALFORMED_TEXT";

    // Members and types.
    public const string UnknownField = "UNKNOWN_FIELD";
    public const string DuplicateField = "DUPLICATE_FIELD";
    public const string NullValue = "NULL_VALUE";
    public const string WrongType = "WRONG_TYPE";
    public const string Required = "REQUIRED";
    public const string Conflict = "CONFLICT";
    public const string Empty = "EMPTY";

    // Values.
    public const string UnknownWord = "UNKNOWN_WORD";
    public const string OutOfRange = "OUT_OF_RANGE";
    public const string TooLong = "TOO_LONG";
    public const string BadName = "BAD_NAME";
    public const string BadUnit = "BAD_UNIT";
    public const string BadValue = "BAD_VALUE";
    public const string ControlCharacter = "CONTROL_CHARACTER";
    public const string NameMismatch = "NAME_MISMATCH";

    // Rules.
    public const string DuplicateName = "DUPLICATE_NAME";
    public const string BackwardsRange = "BACKWARDS_RANGE";
    public const string PortsNotAllowed = "PORTS_NOT_ALLOWED";
    public const string IcmpNotAllowed = "ICMP_NOT_ALLOWED";
    public const string BadAddress = "BAD_ADDRESS";
    public const string MappedAddress = "MAPPED_ADDRESS";
    public const string ZoneId = "ZONE_ID";
    public const string FamilyMismatch = "FAMILY_MISMATCH";
    public const string ExceptOutsidePeer = "EXCEPT_OUTSIDE_PEER";
    public const string WrongDirection = "WRONG_DIRECTION";
    public const string AllowOnly = "ALLOW_ONLY";

    // What cannot be promised.
    public const string CannotBeEnforced = "CANNOT_BE_ENFORCED";
    public const string CannotBeObserved = "CANNOT_BE_OBSERVED";
    public const string TestFailed = "TEST_FAILED";
    public const string TooLarge = "TOO_LARGE";

    // Requests about VMs.
    public const string UnknownPersona = "UNKNOWN_PERSONA";

    // Warnings.
    public const string NotEnforcedYet = "NOT_ENFORCED_YET";
    public const string HostBits = "HOST_BITS";
    public const string ForgeableTrigger = "FORGEABLE_TRIGGER";
    public const string Redundant = "REDUNDANT";
    public const string ShadowedRule = "SHADOWED_RULE";
    public const string DuplicateRule = "DUPLICATE_RULE";
    public const string MatchesNothing = "MATCHES_NOTHING";
    public const string NeverLive = "NEVER_LIVE";
    public const string AlwaysLive = "ALWAYS_LIVE";
    public const string LiveAtBoot = "LIVE_AT_BOOT";
    public const string CutsController = "CUTS_CONTROLLER";
    public const string CutsDns = "CUTS_DNS";
    public const string CutsSsh = "CUTS_SSH";
}
