package intent_test

import (
	"testing"

	"handrail/intent"
)

const typical = "Hello, I ordered a lamp (HR-10423) last week and would like to know where my parcel is. Can I speak to a person?"

func BenchmarkPredict(b *testing.B) {
	m := shopModel(b)
	for b.Loop() {
		m.Predict(typical)
	}
}

func BenchmarkWantsPerson(b *testing.B) {
	for b.Loop() {
		intent.WantsPerson(typical)
	}
}

func BenchmarkAnger(b *testing.B) {
	for b.Loop() {
		intent.Anger(typical)
	}
}

func BenchmarkEntities(b *testing.B) {
	for b.Loop() {
		intent.Entities(typical)
	}
}
