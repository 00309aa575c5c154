package httpapi

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"

	"surgicase/domain/fault"
)

// teach sets what Gin and huma keep for the whole process; once, because another API may be serving.
var teach = sync.OnceFunc(func() {
	gin.SetMode(gin.ReleaseMode)
	huma.NewErrorWithContext = frameworkProblem
	huma.NewError = func(int, string, ...error) huma.StatusError { return &Problem{} } // tells how errors are described
	huma.ValidateStrictCasing = true
})

func (a *API) config() huma.Config {
	config := huma.DefaultConfig("SurgiCase API", a.settings.Version)
	config.Info.Description = "The back office of a surgical practice: cases, their lifecycle, and what providers are paid."
	config.DocsPath, config.SchemasPath, config.OpenAPIPath = "", "", ""
	config.CreateHooks, config.Transformers = nil, nil
	config.Formats = map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat}
	config.Info.License = &huma.License{Name: "Proprietary", Identifier: "LicenseRef-Proprietary"}
	config.Servers = []*huma.Server{{URL: "/", Description: "where this page comes from"}}
	a.describeAuth(&config)
	return config
}

// docs serves the description and a page to read it; both come out of the binary.
func (a *API) docs() {
	spec, err := a.OpenAPI()
	page := v5emb.NewHandlerWithConfig(swgui.Config{
		Title: "SurgiCase API", SwaggerJSON: "/openapi.json", BasePath: "/docs", HideCurl: false,
		SettingsUI: map[string]string{"persistAuthorization": "true", "defaultModelsExpandDepth": "0"},
	})
	a.engine.GET("/openapi.json", func(gc *gin.Context) {
		if err != nil {
			writeProblem(gc.Writer, problemOf(gc.Request.Context(), err))
			return
		}
		gc.Data(http.StatusOK, "application/json", spec)
	})
	serve := func(gc *gin.Context) {
		gc.Header("Content-Security-Policy", "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'")
		page.ServeHTTP(gc.Writer, gc.Request)
	}
	a.engine.GET("/docs", serve)
	a.engine.GET("/docs/*asset", serve)
	for _, path := range []string{"/", "/redoc"} {
		a.engine.GET(path, func(gc *gin.Context) { gc.Redirect(http.StatusFound, "/docs") })
	}
}

type statusBody struct {
	Status string `json:"status" doc:"How the service is." example:"ready"`
}

type statusAnswer struct{ Body statusBody }

type aliveAnswer struct {
	Body struct {
		Status    string    `json:"status" doc:"Always alive." example:"alive"`
		Timestamp time.Time `json:"timestamp" doc:"The time of the server."`
	}
}

func (a *API) systemRoutes() {
	register(a, route{
		method: http.MethodGet, path: "/health/live", id: "health-live", tag: "Health", open: true,
		summary: "Is the process alive?", description: "Answers as long as the process runs. For restarting it.",
	}, func(context.Context, *struct{}) (*aliveAnswer, error) {
		out := &aliveAnswer{}
		out.Body.Status, out.Body.Timestamp = "alive", a.settings.Now()
		return out, nil
	})
	register(a, route{
		method: http.MethodGet, path: "/health/simple", id: "health-simple", tag: "Health", open: true,
		summary: "A word for simple monitors", description: "Answers healthy as long as the process runs.",
	}, func(context.Context, *struct{}) (*statusAnswer, error) {
		return &statusAnswer{statusBody{"healthy"}}, nil
	})
	register(a, route{
		method: http.MethodGet, path: "/health/ready", id: "health-ready", tag: "Health", open: true, faults: []int{http.StatusServiceUnavailable},
		summary: "Can it answer requests?", description: "Says whether the database answers. For load balancers.",
	}, a.ready)
}

func (a *API) ready(ctx context.Context, _ *struct{}) (*statusAnswer, error) {
	if err := a.settings.Ready(ctx); err != nil {
		return nil, fault.New(fault.Unavailable, "not_ready", "Service not ready").Because(err)
	}
	return &statusAnswer{statusBody{"ready"}}, nil
}
