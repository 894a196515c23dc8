package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/auth"
	"handrail/internal/postgres"
)

type calibration struct {
	Active    int
	Threshold float64
	Labelled  struct{ Verdicts, Ratings, Cases int }
	Versions  []struct {
		Version, Cases int
		Kind           string
		ECE, AUROC     *float64
		Active         bool
	}
	Curve       []struct{ Threshold, Coverage, Risk float64 }
	AURC        *float64
	Recommended struct {
		Target    float64
		Threshold *float64
	}
}

func (s *system) calibration(key string) (c calibration) {
	s.t.Helper()
	code, body := s.do("GET", "/api/v1/calibration", key, nil)
	require.Equal(s.t, http.StatusOK, code, string(body))
	require.NoError(s.t, json.Unmarshal(body, &c))
	return c
}

type turn struct {
	Seq      int64
	Verdict  *bool
	Withheld *struct{ Text string }
}

func (s *system) turns(key string, conversation uuid.UUID) []turn {
	s.t.Helper()
	code, body := s.do("GET", fmt.Sprintf("/api/v1/conversations/%s/evidence", conversation), key, nil)
	require.Equal(s.t, http.StatusOK, code, string(body))
	var out struct{ Turns []turn }
	require.NoError(s.t, json.Unmarshal(body, &out))
	return out.Turns
}

// judged copies an escalated turn with its verdict, so that a fit has enough of them.
func (s *system) judged(conversation uuid.UUID, seq int64, copies int) {
	s.t.Helper()
	db, err := postgres.Open(s.t.Context(), postgres.Config{URL: s.database, MaxConns: 1, AllowUnsafe: true})
	require.NoError(s.t, err)
	defer db.Close()
	require.NoError(s.t, db.InTx(s.t.Context(), s.workspace, func(tx pgx.Tx) error {
		for i := range copies {
			_, err := tx.Exec(s.t.Context(), `
				WITH turn AS (
					INSERT INTO turns
					SELECT (jsonb_populate_record(t, jsonb_build_object('seq', 1000 + $4::int,
						'features', t.features || jsonb_build_object('lexical', $4::int / 60.0)))).*
					FROM turns t WHERE workspace_id = $1 AND conversation_id = $2 AND seq = $3
				)
				INSERT INTO turn_verdicts (workspace_id, conversation_id, seq, correct, actor)
				VALUES ($1, $2, 1000 + $4::int, $4::int > 30, 'user:1')`, s.workspace, conversation, seq, i)
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

func TestVerdictsBecomeACalibrator(t *testing.T) {
	t.Parallel()
	s := start(t)
	manager, agent := s.key(auth.KnowledgeManager), s.onlineAgent("Ana")
	admin := s.key(auth.Admin)
	c := s.calibration(manager)
	require.Equal(t, []any{0, 0.8, 0, 0}, []any{c.Active, c.Threshold, c.Labelled.Verdicts, len(c.Versions)})
	require.Nil(t, c.AURC)

	conversation := s.escalate(agent, "Do you engrave golden initials on leather wallets within three days?", "No.")
	turns := s.turns(admin, conversation)
	require.NotEmpty(t, turns)
	require.NotNil(t, turns[0].Withheld, "the agent sees what the bot would have said")
	require.NotEmpty(t, turns[0].Withheld.Text)
	require.Nil(t, turns[0].Verdict)
	verdict := fmt.Sprintf("/api/v1/conversations/%s/turns/%d/verdict", conversation, turns[0].Seq)
	for _, right := range []any{true, nil, false} {
		code, body := s.do("PUT", verdict, admin, map[string]any{"right": right})
		require.Equal(t, http.StatusNoContent, code, string(body))
		if got := s.turns(admin, conversation)[0].Verdict; right == nil {
			require.Nil(t, got)
		} else {
			require.Equal(t, right, *got)
		}
	}
	code, _ := s.do("PUT", verdict, manager, map[string]any{"right": true})
	require.Equal(t, http.StatusForbidden, code, "who may not read conversations may not judge them")
	code, _ = s.do("PUT", verdict+"x", admin, map[string]any{"right": true})
	require.NotEqual(t, http.StatusNoContent, code)

	code, body := s.do("POST", "/api/v1/calibration/fit", manager, nil)
	require.Equal(t, http.StatusUnprocessableEntity, code)
	require.Contains(t, string(body), "at least 40 labelled turns")

	s.judged(conversation, turns[0].Seq, 60)
	code, body = s.do("POST", "/api/v1/calibration/fit", manager, nil)
	require.Equal(t, http.StatusCreated, code, string(body))
	c = s.calibration(manager)
	require.Equal(t, 0, c.Active, "a fit is not active by itself")
	require.Len(t, c.Versions, 1)
	require.Equal(t, []any{1, 61, "logistic"}, []any{c.Versions[0].Version, c.Versions[0].Cases, c.Versions[0].Kind})
	require.NotNil(t, c.Versions[0].ECE)

	for _, version := range []int{1, 0, 1} {
		code, body = s.do("POST", fmt.Sprintf("/api/v1/calibration/versions/%d/activate", version), manager, nil)
		require.Equal(t, http.StatusNoContent, code, string(body))
		require.Equal(t, version, s.calibration(manager).Active)
	}
	code, _ = s.do("POST", "/api/v1/calibration/versions/7/activate", manager, nil)
	require.Equal(t, http.StatusNotFound, code)
	c = s.calibration(manager)
	require.Len(t, c.Curve, 99)
	require.NotNil(t, c.AURC)
	require.Equal(t, 0.03, c.Recommended.Target)
	require.Equal(t, 61, c.Labelled.Verdicts)
}

func TestThresholdOverTheAPI(t *testing.T) {
	t.Parallel()
	s := start(t)
	manager, agent := s.key(auth.KnowledgeManager), s.key(auth.Agent)
	code, body := s.do("PUT", "/api/v1/calibration/threshold", manager, map[string]any{"threshold": 0.83})
	require.Equal(t, http.StatusNoContent, code, string(body))
	require.Equal(t, 0.83, s.calibration(manager).Threshold)
	code, body = s.do("PUT", "/api/v1/calibration/threshold", manager, map[string]any{"threshold": 83})
	require.Equal(t, http.StatusUnprocessableEntity, code)
	require.Contains(t, string(body), "above 0 and below 1")
	code, _ = s.do("PUT", "/api/v1/calibration/threshold", manager, map[string]any{"threshold": nil})
	require.Equal(t, http.StatusNoContent, code)
	require.Equal(t, 0.8, s.calibration(manager).Threshold)
	code, _ = s.do("PUT", "/api/v1/calibration/threshold", agent, map[string]any{"threshold": 0.5})
	require.Equal(t, http.StatusForbidden, code)
}
