package config

import "time"

// Default is what holds where nothing is set, in production. It lacks what only
// an operator knows: the database, the public address, the signing key.
func Default() Config {
	return Config{
		Mode:     Production,
		Database: Database{MaxOpen: 20},
		Temporal: Temporal{
			Address:    "127.0.0.1:7233",
			Namespace:  "countersign",
			Versioning: Versioning{Deployment: "countersign"},
			Eager:      true,
		},
		Gateway: Gateway{
			Listen:          "127.0.0.1:8080",
			BodyLimitBytes:  1 << 20,
			ReadTimeout:     15 * time.Second,
			WriteTimeout:    60 * time.Second,
			IdleTimeout:     120 * time.Second,
			RatePerSecond:   50,
			RateBurst:       200,
			ShutdownTimeout: 30 * time.Second,
		},
		Worker: Worker{
			Approval:    ApprovalQueue{WorkflowSlots: 200, LocalSlots: 100, Pollers: 4},
			Effects:     EffectsQueue{Slots: 16, PerSecond: 20},
			StickyCache: 150,
			StopTimeout: 60 * time.Second,
		},
		Relay:    Relay{Interval: time.Second, Batch: 100},
		Identity: Identity{Session: Session{Idle: 30 * time.Minute, Absolute: 12 * time.Hour}},
		Access: Access{Reviews: Reviews{Title: "权限复核 Review of rights", Reviewer: "manager", Undecided: "list",
			Due: "15 workday", Grace: "3 workday"}},
		SCIM:     SCIM{Subject: "external_id", Stop: SCIMStop{Percent: 10, Window: 24 * time.Hour, AtLeast: 5}},
		Webhooks: Webhooks{GiveUp: 5 * 24 * time.Hour, Keep: 30 * 24 * time.Hour},
		ERP: ERP{MasterEvery: 6 * time.Hour, Reconcile: Reconcile{At: "02:30", Days: 35},
			Exchanges: Exchanges{Keep: 30 * 24 * time.Hour}, Alerts: Alerts{Silent: 15 * time.Minute, Errors: 50, Least: 20}},
		Mail: Mail{Port: 587, TLS: "starttls"},
		Notices: Notices{Budget: 10, Gather: 2 * time.Minute, WorkingTime: true, DigestHour: 9, Unanswered: "4 workhours",
			Keep: 90 * 24 * time.Hour},
		Files: Files{
			Dir:      "files",
			S3:       S3{Region: "us-east-1", TLS: true},
			MaxBytes: 20 << 20,
		},
		Observability: Observability{LogLevel: "info", LogFormat: "json"},
		Locale:        Locale{Default: "zh-CN", Zone: "Asia/Shanghai"},
	}
}

// DefaultDev is what holds where nothing is set, on one person's machine.
func DefaultDev() Config {
	c := Default()
	c.Mode = Dev
	c.Gateway.PublicURL = "http://127.0.0.1:8080"
	c.Worker.StopTimeout = 10 * time.Second
	c.Observability.LogFormat = "text"
	c.Observability.PeopleInSearch = true
	c.Notices = Notices{DigestHour: 9} // who tries it sees each notice at once
	return c
}
