// Package server puts the gateway together: what every request goes through,
// and which room it is led to.
//
//	request id → log → recover → headers → body limit → compress → who → rate → same origin → api · pages · sign-in
package server

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/api"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/auth/devissuer"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/gateway/server/trace"
)

// Check is one thing that must answer before the gateway is ready.
type Check struct {
	Name string
	Ask  func(ctx context.Context) error
	Soft bool // told, and no reason to send requests elsewhere
}

// Hook registers routes that others call without a session or a token.
type Hook func(router *gin.Engine)

// Deps is everything the gateway is made of.
type Deps struct {
	Desk    *desk.Desk
	Auth    *auth.Auth
	Version string
	Checks  []Check              // beside the desk's own: Temporal, search attributes, safe mode
	Metrics *prometheus.Registry // nil: one of its own
	// MetricsElsewhere keeps them off this listener, which the world can reach.
	MetricsElsewhere bool
	DevIssuer        *devissuer.Issuer // nil outside dev
	Proxies          []netip.Prefix    // whose X-Forwarded-For is believed; none by default
	Framers          []string          // origins that may frame our pages; nobody by default
	Rate             Rate              // requests a person, token or address may make
	BodyMax          int64             // bytes of an ordinary body; 0 means 1 MiB

	// Pages registers the pages, static files and GET /login on the engine. Nil
	// leaves a gateway without pages: GET /login then leads to the first provider.
	Pages func(router *gin.Engine)

	// SCIM answers a company's directory under problem.SCIMBase. Nil for none.
	SCIM http.Handler

	// Hooks are what others call without a session or a token.
	Hooks []Hook
}

const (
	bodyDefaultMax = 1 << 20
	formOverhead   = 64 << 10
)

// New assembles the gateway.
func New(deps Deps) (http.Handler, error) {
	if deps.Metrics == nil {
		deps.Metrics = prometheus.NewRegistry()
	}
	if deps.BodyMax == 0 {
		deps.BodyMax = bodyDefaultMax
	}
	router, err := newRouter(deps)
	if err != nil {
		return nil, err
	}
	watch, err := newWatch(deps.Metrics)
	if err != nil {
		return nil, err
	}
	for _, c := range []prometheus.Collector{
		newBacklog(deps.Desk.Store), newGates(deps.Desk.Store), newTold(deps.Desk.Store), newWebhooks(deps.Desk.Store),
		newBooks(deps.Desk.Store), newMessengers(deps.Desk), newMasterData(deps.Desk.Store, deps.Desk.Connections),
		newInboundSources(deps.Desk),
	} {
		if err := deps.Metrics.Register(c); err != nil {
			return nil, err
		}
	}
	gate := newGate(deps.Rate, deps.Proxies)
	inner, err := compressed(deps.Auth.Middleware(gate.limit(sameOrigin(onlyItsPurpose(router)))))
	if err != nil {
		return nil, err
	}
	outer := http.NewServeMux()
	outer.Handle("/", inner)
	outer.HandleFunc("GET /healthz", healthy)
	outer.Handle("GET /readyz", readiness{deps.Desk, deps.Checks})
	if !deps.MetricsElsewhere {
		outer.Handle("GET /metrics", promhttp.HandlerFor(deps.Metrics, promhttp.HandlerOpts{}))
	}
	if deps.DevIssuer != nil {
		outer.Handle(devissuer.Path+"/", deps.DevIssuer.Handler())
	}
	limits := bodyLimits{ordinary: deps.BodyMax, attachment: deps.Desk.AttachmentLimit() + formOverhead}
	return trace.Middleware(watch.middleware(recovered(headers(deps.Framers, limits.middleware(outer))))), nil
}

func newRouter(deps Deps) (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	proxies := make([]string, 0, len(deps.Proxies))
	for _, p := range deps.Proxies {
		proxies = append(proxies, p.String())
	}
	if err := router.SetTrustedProxies(proxies); err != nil {
		return nil, err
	}
	router.HandleMethodNotAllowed = true
	router.RedirectTrailingSlash = false
	router.NoRoute(answer(fault.New(fault.NotFound, "request.no_such_route")))
	router.NoMethod(answer(fault.New(fault.Invalid, "request.method")))
	signIn(router, deps)
	api.Mount(router, deps.Desk, deps.Version)
	if deps.Pages != nil {
		deps.Pages(router)
	}
	if deps.SCIM != nil {
		router.Any(problem.SCIMBase+"/*path", gin.WrapH(deps.SCIM))
	}
	for _, register := range deps.Hooks {
		register(router)
	}
	return router, nil
}

func answer(f *fault.Fault) gin.HandlerFunc {
	return func(c *gin.Context) { problem.Write(c.Writer, c.Request, f) }
}

// signIn registers the way in and out. A request with a token has no session to
// begin or to end.
func signIn(router *gin.Engine, deps Deps) {
	browser := func(c *gin.Context) {
		if auth.HasBearer(c.Request) {
			problem.Write(c.Writer, c.Request, fault.New(fault.Forbidden, "auth.required"))
			c.Abort()
		}
	}
	router.GET("/login/:provider", browser, func(c *gin.Context) {
		deps.Auth.Begin(c.Writer, c.Request, c.Param("provider"))
	})
	router.GET("/login/:provider/callback", browser, func(c *gin.Context) {
		r := c.Request.Clone(c.Request.Context())
		r.RemoteAddr = net.JoinHostPort(Address(c.Request, deps.Proxies).String(), "0") // shown to who signs in
		deps.Auth.Callback(c.Writer, r, c.Param("provider"))
	})
	router.POST("/login/:provider/backchannel", func(c *gin.Context) {
		deps.Auth.SignedOut(c.Writer, c.Request, c.Param("provider"))
	})
	if deps.Pages != nil {
		return
	}
	router.POST("/logout", browser, func(c *gin.Context) { deps.Auth.Logout(c.Writer, c.Request) })
	if choices := deps.Auth.Choices(i18n.English); len(choices) > 0 {
		router.GET("/login", func(c *gin.Context) { c.Redirect(http.StatusSeeOther, choices[0].Path) })
	}
}

// Limits of the server's connections, for whoever listens.
const (
	ReadHeaderMax  = 10 * time.Second
	IdleMax        = 2 * time.Minute
	HeaderBytesMax = 64 << 10
)

// Listener is an http.Server with the gateway's limits around a handler.
func Listener(address string, h http.Handler) *http.Server {
	return &http.Server{
		Addr: address, Handler: h,
		ReadHeaderTimeout: ReadHeaderMax, IdleTimeout: IdleMax, MaxHeaderBytes: HeaderBytesMax,
	}
}
