package llmtest

import (
	"hash/fnv"
	"math"
	"net/http"
)

// embeddings serves POST /v1/embeddings.
func (s *Server) embeddings(w http.ResponseWriter, r *http.Request, q Request) {
	if s.failStatus(w, r, q.Fault) || s.failVectors(w, r, q) {
		return
	}
	respond(w, http.StatusOK, vectors(q, dimensions(q)))
}

// failVectors acts out the faults of streams in the form that they take in a single response.
func (s *Server) failVectors(w http.ResponseWriter, r *http.Request, q Request) bool {
	switch q.Fault {
	case None:
		return false
	case Length:
		respond(w, http.StatusOK, vectors(q, dimensions(q)/2))
	case ErrorFrame, BrokenTool:
		respond(w, http.StatusOK, map[string]any{"error": map[string]string{"message": "The server had an error"}})
	case HugeLine, Endless:
		s.blanks(w, r)
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"data":[{"index":0,"embedding":[0.1,`))
		_ = http.NewResponseController(w).Flush()
		if q.Fault == NoFinish || q.Fault == Garbage {
			return true
		}
		s.stall(r.Context())
	}
	return true
}

// blanks writes blanks, which JSON allows, without end.
func (s *Server) blanks(w http.ResponseWriter, r *http.Request) {
	blank := make([]byte, 1<<16)
	for i := range blank {
		blank[i] = ' '
	}
	for s.rest(r.Context(), 0) {
		if _, err := w.Write(blank); err != nil {
			return
		}
	}
}

func dimensions(q Request) int {
	if q.Dimensions > 0 {
		return q.Dimensions
	}
	return Dimensions
}

func vectors(q Request, length int) map[string]any {
	data := make([]any, 0, len(q.Input))
	tokens := 0
	for i, text := range q.Input {
		data = append(data, map[string]any{"object": "embedding", "index": i, "embedding": Vector(text, length)})
		tokens += len(terms(text))
	}
	return map[string]any{
		"object": "list", "model": q.Model, "data": data,
		"usage": map[string]int{"prompt_tokens": tokens, "total_tokens": tokens},
	}
}

// Vector is the embedding of text: its words, and the groups of three letters within them, hashed to length numbers
// with a sign and scaled to length 1. Texts with common words are near, and so are forms of one word.
func Vector(text string, length int) []float32 {
	sum := make([]float64, length)
	for _, term := range terms(text) {
		add(sum, term, 1)
		letters := []rune("^" + term + "$")
		for i := 0; i+3 <= len(letters); i++ {
			add(sum, string(letters[i:i+3]), 0.4)
		}
	}
	norm := 0.0
	for _, v := range sum {
		norm += v * v
	}
	out := make([]float32, length)
	for i, v := range sum {
		out[i] = float32(v / math.Sqrt(max(norm, 1e-12)))
	}
	if norm == 0 {
		out[0] = 1 // a text without words still needs a direction
	}
	return out
}

func add(sum []float64, feature string, weight float64) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(feature)) // a hash never fails to write
	v := h.Sum64()
	if v>>63 == 1 {
		weight = -weight
	}
	sum[v%uint64(len(sum))] += weight
}
