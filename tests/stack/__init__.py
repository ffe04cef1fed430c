"""The whole stack as users run it: real web, worker, beat, ticker, Postgres and broker, with a local HTTP server in Twilio's place."""
