package llm

import (
	"encoding/json"
	"math"
	"strings"

	"github.com/sashabaranov/go-openai"
)

// chatRequest translates r for the client library.
func chatRequest(model string, r Request) openai.ChatCompletionRequest {
	out := openai.ChatCompletionRequest{
		Model:         model,
		StreamOptions: &openai.StreamOptions{IncludeUsage: true},
	}
	for _, m := range r.Messages {
		out.Messages = append(out.Messages, openai.ChatCompletionMessage{Role: string(m.Role), Content: m.Content})
	}
	limitAnswer(&out, r)
	if len(r.JSONSchema) > 0 {
		out.ResponseFormat = &openai.ChatCompletionResponseFormat{
			Type: openai.ChatCompletionResponseFormatTypeJSONSchema,
			JSONSchema: &openai.ChatCompletionResponseFormatJSONSchema{
				Name: "answer", Schema: json.RawMessage(r.JSONSchema), Strict: true,
			},
		}
	}
	return out
}

// limitAnswer sets length and temperature in the form that the model accepts. Reasoning models take the length under
// another name and no temperature at all; the library refuses such requests by itself, going by the model's name.
func limitAnswer(out *openai.ChatCompletionRequest, r Request) {
	if reasons(out.Model) {
		out.MaxCompletionTokens = r.MaxTokens
		return
	}
	out.MaxTokens = r.MaxTokens
	out.Temperature = float32(r.Temperature)
	if out.Temperature == 0 {
		// The library omits a zero, and the endpoint would take its own default, which is 1 for most.
		out.Temperature = math.SmallestNonzeroFloat32
	}
}

func reasons(model string) bool {
	for _, prefix := range []string{"o1", "o3", "o4", "gpt-5", "gpt-6"} {
		if strings.HasPrefix(model, prefix) {
			return true
		}
	}
	return false
}
