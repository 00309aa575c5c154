package httpapi

import (
	"context"
	"net/http"
	"time"

	"surgicase/application/operations"
	"surgicase/domain/dryrun"
	"surgicase/domain/job"
)

const tagJobs = "Scheduler"

// jobPatience is how long a caller waits for a job that he starts; a longer one goes on without him.
const jobPatience = 10 * time.Second

func (a *API) jobRoutes() {
	register(a, route{
		method: http.MethodGet, path: "/scheduler/jobs", id: "list-jobs", tag: tagJobs, faults: []int{http.StatusForbidden},
		summary: "List the scheduled jobs", description: "For Global Admins: when each runs next, and how its last run went.",
	}, a.listJobs)
	register(a, route{
		method: http.MethodPost, path: "/scheduler/jobs/{name}/run", id: "run-job", dryRun: true, tag: tagJobs,
		faults:  []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict},
		summary: "Run a job now", description: "For Global Admins, in their name: a run that they open leaves their own cases out. Answers when the job is done, or after ten seconds with state running; " +
			"GET /scheduler/jobs tells how it ended. With dry_run=true it says what the job would do.",
	}, a.runJob)
}

// jobBody is a job with its times.
type jobBody struct {
	Name     string      `json:"name" example:"open_payment_run"`
	What     string      `json:"what" example:"opens the weekly payment run"`
	Schedule string      `json:"schedule" example:"Monday 08:00 UTC"`
	NextAt   time.Time   `json:"next_at"`
	DryRun   bool        `json:"has_dry_run"`
	Last     *jobRunBody `json:"last,omitempty" doc:"Absent if it never ran."`
}

// jobRunBody is a run of a job.
type jobRunBody struct {
	JobRunID    int64      `json:"job_run_id" example:"17"`
	ScheduledAt time.Time  `json:"scheduled_at" doc:"The time it is for; of one begun by hand, when that was."`
	ByHand      bool       `json:"by_hand"`
	StartedBy   string     `json:"started_by" example:"system:job"`
	State       string     `json:"state" enum:"running,done,failed" doc:"A run that failed counts as running until it was tried for the last time." example:"done"`
	Attempts    int        `json:"attempts" example:"1"`
	StartedAt   time.Time  `json:"started_at"`
	FinishedAt  *time.Time `json:"finished_at" nullable:"true"`
	Outcome     *string    `json:"outcome" nullable:"true" doc:"What it did, or the code of what went wrong." example:"run 12: 8 payments, 8000.00, 2 cases held"`
}

func jobRunBodyOf(r job.Run) jobRunBody {
	return jobRunBody{
		JobRunID: r.ID, ScheduledAt: r.At, ByHand: r.ByHand, StartedBy: string(r.StartedBy), State: string(r.State), Attempts: r.Attempts,
		StartedAt: r.StartedAt, FinishedAt: nullableTime(r.FinishedAt), Outcome: nullable(r.Outcome),
	}
}

func jobBodyOf(r operations.JobReport) jobBody {
	body := jobBody{Name: r.Name, What: r.What, Schedule: r.Schedule.String(), NextAt: r.Next, DryRun: r.DryRuns}
	if r.Last != nil {
		last := jobRunBodyOf(*r.Last)
		body.Last = &last
	}
	return body
}

type jobsAnswer struct {
	Body struct {
		Jobs []jobBody `json:"jobs" nullable:"false"`
	}
}

func (a *API) listJobs(ctx context.Context, _ *OnlyCaller) (*jobsAnswer, error) {
	reports, err := a.Jobs.List(ctx, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	out := &jobsAnswer{}
	out.Body.Jobs = mapped(reports, jobBodyOf)
	return out, nil
}

type runJobInput struct {
	OnlyCaller
	Name string `path:"name" minLength:"1" maxLength:"60" pattern:"^[a-z0-9_]+$" doc:"The job." example:"open_payment_run"`
}

type ranAnswer struct {
	Body struct {
		Message string      `json:"message" example:"Job done"`
		Name    string      `json:"name" example:"open_payment_run"`
		Outcome string      `json:"outcome" doc:"What it did, or would do; empty while it runs." example:"run 12: 8 payments, 8000.00, 2 cases held"`
		Run     *jobRunBody `json:"run,omitempty" doc:"Absent in a dry run."`
		DryRun  bool        `json:"dry_run"`
	}
}

func (a *API) runJob(ctx context.Context, in *runJobInput) (*ranAnswer, error) {
	out := &ranAnswer{}
	out.Body.Name = in.Name
	if dryrun.Is(ctx) {
		would, err := a.Jobs.Preview(ctx, actorOf(ctx), in.Name)
		out.Body.Outcome = would
		return out, err
	}
	run, err := a.Jobs.Run(ctx, actorOf(ctx), in.Name, jobPatience)
	if err != nil {
		return nil, err
	}
	body := jobRunBodyOf(run)
	out.Body.Run, out.Body.Outcome = &body, run.Outcome
	out.Body.Message = map[job.State]string{job.Running: "The job is running", job.Done: "Job done", job.Failed: "The job failed"}[run.State]
	return out, nil
}
