package httpapi

import (
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"
)

// teach sets what Gin and huma keep for the whole process; once, because another API may be serving.
var teach = sync.OnceFunc(func() {
	gin.SetMode(gin.ReleaseMode)
	huma.NewErrorWithContext = frameworkProblem
	huma.NewError = func(int, string, ...error) huma.StatusError { return &Problem{} } // tells how errors are described
	huma.ValidateStrictCasing = true
})

// introduction is what the page of the API begins with.
const introduction = `The back office of a surgical practice: cases, their lifecycle, and what providers are paid.

**Signing in.** How a caller is identified depends on the installation (AUTH_MODE). On a developer's machine
(` + "`trusted`" + `) the ` + "`X-User-ID`" + ` header names the user, such as ` + "`demo-provider`" + `; behind a gateway the gateway sets it;
everywhere else send ` + "`Authorization: Bearer …`" + ` with a token of the identity provider or an API token (` + "`POST /tokens`" + `).
Use "Authorize" on this page. ` + "`GET /permissions`" + ` tells what the caller may do.

**Where to begin.** ` + "`POST /surgeon`, `POST /facility` and `POST /case`" + ` record a case; ` + "`GET /case_pay`" + ` explains its amount;
` + "`POST /payment_runs?dry_run=true`" + ` shows what a run would pay.`

// tagOrder is the order in which the page shows the groups of endpoints: what people come for first.
var tagOrder = []string{
	tagCases, "Documents", tagDashboards, tagRuns, "Reports", "QuickBooks", tagPrices, "Exports", tagUsers, "Surgeons", "Facilities", tagGroups, tagLists, tagNPI, tagTokens,
	tagMail, tagJobs, "Audit", tagSupport, tagOperations, tagHealth,
}

func (a *API) config() huma.Config {
	config := huma.DefaultConfig("SurgiCase API", a.settings.Version)
	config.Info.Description = introduction
	for _, name := range tagOrder {
		config.Tags = append(config.Tags, &huma.Tag{Name: name})
	}
	config.DocsPath, config.SchemasPath, config.OpenAPIPath = "", "", ""
	config.CreateHooks, config.Transformers = nil, []huma.Transformer{addDryRunMembers}
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
		SettingsUI: map[string]string{"persistAuthorization": "false", "defaultModelsExpandDepth": "0"},
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
		page.ServeHTTP(&refusing{ResponseWriter: gc.Writer, status: http.StatusNotFound, problem: func() *Problem { return problemOf(gc.Request.Context(), noRoute()) }}, gc.Request)
	}
	a.engine.GET("/docs", serve)
	a.engine.GET("/docs/*asset", serve)
	for _, path := range []string{"/", "/redoc"} {
		a.engine.GET(path, func(gc *gin.Context) { gc.Redirect(http.StatusFound, "/docs") })
	}
}
