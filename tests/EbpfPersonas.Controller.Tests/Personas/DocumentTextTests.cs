using System.Text;
using EbpfPersonas.Personas.Json;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Personas;

public sealed class DocumentTextTests
{
    [Theory]
    [InlineData("""{"name":"p"}""")]
    [InlineData("""{ "name" : "p" , "tests" : [ ] }""")]
    [InlineData("{\n\t\"name\": \"p\",\r\n\t\"priority\": 1\n}\n\n")]
    [InlineData("""{"status":"not ours, but inside a string: \"metadata\":{}","name":"é"}""")]
    [InlineData("{ }")]
    public void What_was_added_can_be_taken_away_again_without_a_trace(string text)
    {
        var own = Encoding.UTF8.GetBytes(text);

        var with = DocumentText.With(own, "\"metadata\":{\"revision\":1},\"warnings\":[]"u8);

        Assert.Equal(text, Encoding.UTF8.GetString(DocumentText.Without(with, "metadata", "warnings")));
    }

    [Theory]
    [InlineData("""{"metadata":{},"name":"p"}""", """{"name":"p"}""")]
    [InlineData("""{"name":"p", "metadata":{"a":[1,{}]} , "priority":1}""", """{"name":"p" , "priority":1}""")]
    [InlineData("""{"metadata":1,"status":2}""", "{}")]
    [InlineData("""{"name":"p","\u006detadata":1}""", """{"name":"p"}""")]
    [InlineData("""{"tests":[{"metadata":1}],"name":"p"}""", """{"tests":[{"metadata":1}],"name":"p"}""")]
    public void Only_members_of_the_outermost_object_are_taken_away(string text, string expected) => Assert.Equal(
        expected, Encoding.UTF8.GetString(DocumentText.Without(Encoding.UTF8.GetBytes(text), "metadata", "status")));
}
