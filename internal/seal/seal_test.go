package seal

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"handrail/internal/errs"
)

func testKey(t require.TestingT, id uint32) *Key {
	k, err := newKey(id, bytes.Repeat([]byte{byte(id)}, secretSize))
	require.NoError(t, err)
	return k
}

// TestOpensInItsPlaceOnly seals arbitrary fields and expects them back in their place, and an error, never another text,
// in every other place, with every other key and after every change of a byte.
func TestOpensInItsPlaceOnly(t *testing.T) {
	t.Parallel()
	drawPlace := func(t *rapid.T, name string) Place {
		ids := []uuid.UUID{uuid.Nil, uuid.Max, uuid.NameSpaceURL}
		return Place{rapid.SampledFrom(ids).Draw(t, name), rapid.SampledFrom(ids).Draw(t, name),
			rapid.SampledFrom([]string{"a", "ab", "b.a"}).Draw(t, name), rapid.SampledFrom([]string{"", "a", "ab", "b"}).Draw(t, name)}
	}
	rapid.Check(t, func(t *rapid.T) {
		key, at := testKey(t, 7), drawPlace(t, "at")
		fields := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 300), 0, 5).Draw(t, "fields")
		sealed, err := key.Seal(at, fields...)
		require.NoError(t, err)
		opened, err := key.Open(at, sealed)
		require.NoError(t, err)
		require.Len(t, opened, len(fields))
		for i := range fields {
			require.True(t, bytes.Equal(fields[i], opened[i]))
			require.Equal(t, fields[i] == nil, opened[i] == nil)
		}
		if elsewhere := drawPlace(t, "elsewhere"); elsewhere != at {
			_, err = key.Open(elsewhere, sealed)
			require.True(t, errs.Is(err, errs.Internal), "%v", err)
		}
		_, err = testKey(t, 8).Open(at, sealed)
		require.Error(t, err)
		changed := bytes.Clone(sealed)
		changed[rapid.IntRange(0, len(sealed)-1).Draw(t, "byte")] ^= byte(rapid.IntRange(1, 255).Draw(t, "change"))
		_, err = key.Open(at, changed)
		require.Error(t, err)
	})
}

func FuzzOpen(f *testing.F) {
	key := testKey(f, 7)
	at := Place{Workspace: uuid.Max, Column: "t.sealed", Row: "1"}
	good, err := key.Seal(at, []byte("hello"), nil, []byte{})
	require.NoError(f, err)
	f.Add(good)
	f.Add(good[:Overhead])
	f.Add([]byte{plainVersion, 0, 0, 0, 1, 'x'})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, in []byte) {
		fields, err := key.Open(at, in)
		if err == nil {
			require.Equal(t, [][]byte{[]byte("hello"), nil, {}}, fields, "only what the key sealed opens")
		}
		_, _ = unpack(in)
	})
}

func TestOperatorKeys(t *testing.T) {
	t.Parallel()
	first, second := NewOperatorKey(), NewOperatorKey()
	r, err := ParseRing("# the current one\n" + first + "\n" + strings.TrimRight(second, "=") + " # no comment: a key must stand here")
	require.ErrorContains(t, err, "operator key 3")
	require.Nil(t, r)
	for _, text := range []string{"", " , ", "secret", base64.StdEncoding.EncodeToString(make([]byte, 16))} {
		_, err := ParseRing(text)
		require.True(t, errs.Is(err, errs.Invalid), "%q: %v", text, err)
	}
	_, err = ParseRing("c2VjcmV0")
	require.NotContains(t, err.Error(), "c2VjcmV0", "a key that was mistyped is a secret all the same")

	old, err := ParseRing(first)
	require.NoError(t, err)
	both, err := ParseRing(second + "," + first)
	require.NoError(t, err)
	at := workspaceKeyPlace(uuid.Max, 1)
	secret := newSecret()
	wrapped, err := old.wrap(at, secret)
	require.NoError(t, err)
	got, err := both.unwrap(at, wrapped)
	require.NoError(t, err)
	require.Equal(t, secret, got)
	wrapped, err = both.wrap(at, secret)
	require.NoError(t, err)
	_, err = old.unwrap(at, wrapped)
	require.ErrorContains(t, err, both.Current())
	_, err = (*Ring)(nil).wrap(at, secret)
	require.True(t, errs.Is(err, errs.Unsupported))
}

func TestCacheForgetsTheLeastUsedAndTheOld(t *testing.T) {
	t.Parallel()
	c, now, k := newCache(), time.Now(), testKey(t, 1)
	first := Owner{ID: uuid.New()}
	c.put(first, k, now)
	for range cacheSize - 1 {
		c.put(Owner{ID: uuid.New()}, k, now)
	}
	require.NotNil(t, c.get(first, now), "it was used last")
	c.put(Owner{ID: uuid.New()}, k, now)
	require.NotNil(t, c.get(first, now))
	require.Equal(t, cacheSize, c.order.Len())
	require.Nil(t, c.get(first, now.Add(cacheLife+time.Second)))
	require.Equal(t, cacheSize-1, c.order.Len())
}

func BenchmarkSealAndOpen(b *testing.B) {
	key := testKey(b, 7)
	at := Place{Workspace: uuid.New(), Owner: uuid.New(), Column: "messages.sealed", Row: uuid.NewString() + "/12345"}
	body := []byte("How long does the delivery of my order take?")
	b.Run("seal", func(b *testing.B) {
		for b.Loop() {
			if _, err := key.Seal(at, []byte("Ada"), body, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	sealed, err := key.Seal(at, []byte("Ada"), body, nil)
	require.NoError(b, err)
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			if _, err := key.Open(at, sealed); err != nil {
				b.Fatal(err)
			}
		}
	})
}
