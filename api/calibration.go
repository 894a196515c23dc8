package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"handrail/bot"
	"handrail/evals"
)

// riskTarget is the share of wrong answers for which the console shows a threshold.
const riskTarget = 0.03

type calibratorView struct {
	Version   int       `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	Cases     int       `json:"cases" doc:"that it was fitted to"`
	Kind      string    `json:"kind" enum:"logistic,isotonic"`
	ECE       *float64  `json:"ece" doc:"calibration error on cases left out of the fit"`
	AUROC     *float64  `json:"auroc" doc:"right above wrong, on cases left out of the fit"`
	Active    bool      `json:"active"`
}

func calibratorOf(v bot.CalibratorVersion) calibratorView {
	return calibratorView{Version: v.Version, CreatedAt: v.CreatedAt, Cases: v.Cases, Kind: v.Kind, ECE: v.ECE,
		AUROC: v.AUROC, Active: v.Active}
}

type recommendedView struct {
	Target    float64  `json:"target" doc:"most that may be wrong, as a share of the answers"`
	Threshold *float64 `json:"threshold" doc:"null if no threshold reaches the target with 95 % confidence"`
	Coverage  float64  `json:"coverage" doc:"share of the cases still answered"`
}

type calibrationOutput struct {
	Body struct {
		Active      int               `json:"active" doc:"version that decides; 0 = the one that ships"`
		Threshold   float64           `json:"threshold" doc:"least confidence to answer with, where an intent does not say otherwise"`
		Labelled    evals.LabelCount  `json:"labelled"`
		Versions    []calibratorView  `json:"versions" doc:"newest first"`
		Curve       []evals.RiskPoint `json:"curve" doc:"on cases left out of the fit; of the judged turns for the one that ships"`
		AURC        *float64          `json:"aurc" doc:"area under risk over coverage"`
		Recommended recommendedView   `json:"recommended"`
	}
}

func (s *Server) getCalibration(ctx context.Context, _ *struct{}) (*calibrationOutput, error) {
	ws := who(ctx).Workspace
	versions, err := s.c.Bot.Calibrators(ctx, ws)
	if err != nil {
		return nil, err
	}
	labels, err := s.c.Bot.Labels(ctx, ws)
	if err != nil {
		return nil, err
	}
	suite, err := s.c.Evals.All(ctx, ws)
	if err != nil {
		return nil, err
	}
	out := &calibrationOutput{}
	if out.Body.Threshold, err = s.c.Bot.Threshold(ctx, ws); err != nil {
		return nil, err
	}
	out.Body.Labelled = evals.LabelCount{Verdicts: len(labels.Verdicts), Ratings: len(labels.Ratings), Cases: len(suite.Cases)}
	out.Body.Versions = []calibratorView{}
	risk := evals.RiskOfShipped(append(labels.Verdicts, labels.Ratings...), riskTarget)
	for _, v := range versions {
		out.Body.Versions = append(out.Body.Versions, calibratorOf(v))
		if v.Active {
			out.Body.Active, risk = v.Version, evals.Risk{}
			if err := json.Unmarshal(v.Curve, &risk); err != nil {
				return nil, err
			}
		}
	}
	out.Body.Curve, out.Body.AURC = append([]evals.RiskPoint{}, risk.Curve...), risk.AURC
	out.Body.Recommended = recommendedView{risk.Recommended.Target, risk.Recommended.Threshold, risk.Recommended.Coverage}
	return out, nil
}

type calibratorOutput struct{ Body calibratorView }

func (s *Server) fitCalibrator(ctx context.Context, _ *struct{}) (*calibratorOutput, error) {
	p := who(ctx)
	suite, err := s.c.Evals.All(ctx, p.Workspace)
	if err != nil {
		return nil, err
	}
	cases, n, err := evals.WorkspaceLabels(ctx, s.c.Bot, p.Workspace, suite)
	if err != nil {
		return nil, err
	}
	fitted, err := evals.FitWorkspace(cases, n)
	if err != nil {
		return nil, err
	}
	v, err := s.c.Bot.SaveCalibrator(ctx, p.Workspace, p.Actor(), fitted.Fitted())
	return &calibratorOutput{calibratorOf(v)}, err
}

type calibratorInput struct {
	Version int `path:"version" minimum:"0" doc:"0 = the one that ships"`
}

func (s *Server) activateCalibrator(ctx context.Context, in *calibratorInput) (*struct{}, error) {
	p := who(ctx)
	return nil, s.c.Bot.ActivateCalibrator(ctx, p.Workspace, p.Actor(), in.Version)
}

type thresholdInput struct {
	Body struct {
		Threshold *float64 `json:"threshold" nullable:"true" doc:"above 0 and below 1; null = that of the configuration"`
	}
}

func (s *Server) setThreshold(ctx context.Context, in *thresholdInput) (*struct{}, error) {
	p := who(ctx)
	return nil, s.c.Bot.SetThreshold(ctx, p.Workspace, p.Actor(), in.Body.Threshold)
}

type verdictInput struct {
	ID   uuid.UUID `path:"id"`
	Seq  int64     `path:"seq" minimum:"1" doc:"of the visitor's message"`
	Body struct {
		Right *bool `json:"right" nullable:"true" doc:"whether the bot's answer was right, or would have been; null takes it back"`
	}
}

func (s *Server) judgeTurn(ctx context.Context, in *verdictInput) (*struct{}, error) {
	p := who(ctx)
	if _, err := s.readable(ctx, p, in.ID); err != nil {
		return nil, err
	}
	return nil, s.c.Bot.Judge(ctx, p.Workspace, p.Actor(), in.ID, in.Seq, in.Body.Right)
}
