/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sandbox.h"
#include "server.h"
#include "sink.h"

#define TRACK_PATH "/open_api/v1.3/event/track/"

struct options {
	uint16_t port;
	const char *ledger, *cert, *key;
	bool sink, print_port, help;
};

static const char usage[] =
	"A strict stand-in for TikTok's Events API 2.0, on a port of this machine.\n"
	"\n"
	"  convey-sandbox --port 8080 --ledger ledger.jsonl\n"
	"  curl -H 'Access-Token: t' -H 'Content-Type: application/json' -d @events.json "
	"\\\n"
	"       http://127.0.0.1:8080" TRACK_PATH "\n"
	"  convey-sandbox --token good --token other=PIXEL1,PIXEL2 --fault 40100:nth=3\n"
	"  convey-sandbox --fault reset-after:share=0.1 --fault 'poison:id=bad-*' --seed "
	"7\n"
	"  curl -d '50000:every=10,retry_after=2' http://127.0.0.1:8080/sandbox/fault\n"
	"\n"
	"  --port N          8080; 0 takes a free one. The first line says which\n"
	"  --ledger FILE     append a JSON line for each request, before it is answered\n"
	"  --token T[=ID,..] a token that is good, for these event sources only (may be\n"
	"                    repeated; without it every token is)\n"
	"  --pixel ID        an event source that exists (repeat; without it all do)\n"
	"  --oauth NAME=V    app=ID:SECRET life=SECONDS deny=1 narrow=1 echo=1 keep=1\n"
	"                    advertisers=ID,.. pixels=ID,.. timezone=ZONE currency=CODE "
	"(repeat)\n"
	"  --strict-hash     personal data that is not hashed is refused with 40062\n"
	"  --fault SPEC      NAME[:key=value,...], see below (may be repeated)\n"
	"  --seed N          of the chance in share=\n"
	"  --tls CERT KEY    HTTPS with these PEM files\n"
	"  --sink            for benchmarks: answers code 0 to everything, reads "
	"nothing\n"
	"  --print-port      the port alone, on the second line\n"
	"  --quiet           no line on stderr for each request\n"
	"\n"
	"Faults; keys: nth=3 nth=3-7 every=10 share=0.1 count=5 after=5s for=30s\n"
	"source_id=ID status=HTTP retry_after=S ms=N id=GLOB value=N. The first that "
	"fits\n"
	"fires. Any other number is that code, with HTTP status=.\n";

static enum err_code add_pixel(struct sandbox *s, const char *id)
{
	s->pixels = realloc(s->pixels, (s->pixel_count + 1) * sizeof(*s->pixels));
	if (!s->pixels)
		abort();
	s->pixels[s->pixel_count++] = id;
	return ERR_OK;
}

static enum err_code parse_number(const char *text, unsigned long long most,
				  unsigned long long *out, struct err *e)
{
	char *end;

	*out = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || *out > most)
		return err_set(e, ERR_USAGE, "'%s' is no number up to %llu", text, most);
	return ERR_OK;
}

/* --tls takes two words, which getopt does not know. */
static enum err_code take_tls(struct options *o, int argc, char **argv, struct err *e)
{
	if (optind >= argc)
		return err_set(e, ERR_USAGE, "--tls wants a certificate and a key");
	o->cert = optarg;
	o->key = argv[optind++];
	return ERR_OK;
}

static enum err_code take_option(int option, struct options *o, struct sandbox *s,
				 int argc, char **argv, struct err *e)
{
	unsigned long long number;

	switch (option) {
	case 'p':
		if (parse_number(optarg, 65535, &number, e))
			return e->code;
		o->port = (uint16_t)number;
		return ERR_OK;
	case 's':
		if (parse_number(optarg, UINT64_MAX, &number, e))
			return e->code;
		s->faults.seed = number;
		return ERR_OK;
	case 'l': o->ledger = optarg; return ERR_OK;
	case 't': return token_list_add(&s->tokens, optarg, e);
	case 'f': return fault_list_add(&s->faults, optarg, e);
	case 'o': return oauth_set(&s->oauth, optarg, e);
	case 'x': return add_pixel(s, optarg);
	case 'c': return take_tls(o, argc, argv, e);
	case 'q': s->quiet = true; return ERR_OK;
	case 'H': s->strict_hash = true; return ERR_OK;
	case 'k': o->sink = true; return ERR_OK;
	case 'P': o->print_port = true; return ERR_OK;
	case 'h': o->help = true; return ERR_OK;
	default: return err_set(e, ERR_USAGE, "see -h");
	}
}

static enum err_code parse_options(int argc, char **argv, struct options *o,
				   struct sandbox *s, struct err *e)
{
	static const struct option names[] = {
		{"port", required_argument, NULL, 'p'},
		{"ledger", required_argument, NULL, 'l'},
		{"token", required_argument, NULL, 't'},
		{"fault", required_argument, NULL, 'f'},
		{"oauth", required_argument, NULL, 'o'},
		{"pixel", required_argument, NULL, 'x'},
		{"seed", required_argument, NULL, 's'},
		{"tls", required_argument, NULL, 'c'},
		{"quiet", no_argument, NULL, 'q'},
		{"strict-hash", no_argument, NULL, 'H'},
		{"sink", no_argument, NULL, 'k'},
		{"print-port", no_argument, NULL, 'P'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", names, NULL)) != -1)
		if (take_option(option, o, s, argc, argv, e))
			return e->code;
	if (optind < argc)
		return err_set(e, ERR_USAGE, "'%s' is no option; see -h", argv[optind]);
	if (o->cert && fault_list_raw(&s->faults))
		return err_set(e, ERR_USAGE, "fault %s does not work with --tls",
			       fault_list_raw(&s->faults)->name);
	return ERR_OK;
}

static void announce(const struct options *o, uint16_t port)
{
	printf("listening on http%s://127.0.0.1:%u\n", o->cert ? "s" : "",
	       (unsigned)port);
	if (o->print_port)
		printf("%u\n", (unsigned)port);
	fflush(stdout);
}

static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static enum err_code serve(struct sandbox *s, const struct options *o, struct err *e)
{
	struct server *server;
	uint64_t one = 1;
	sigset_t set;
	int signal_number;

	block_signals(&set);
	fault_list_restart(&s->faults);
	if (o->ledger && ledger_open(&s->ledger, o->ledger, e))
		return e->code;
	s->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (s->stop_fd < 0)
		return err_set(e, ERR_UNAVAILABLE, "no eventfd");
	if (server_open(s, o->port, o->cert, o->key, &server, e))
		return e->code;
	announce(o, server_port(server));
	sigwait(&set, &signal_number);
	if (write(s->stop_fd, &one, sizeof(one)) != sizeof(one))
		abort();
	server_close(server);
	return s->broken ? err_set(e, ERR_IO, "the ledger is not complete") : ERR_OK;
}

static enum err_code run_sink(const struct options *o, struct err *e)
{
	struct sink sink;
	sigset_t set;

	if (o->cert || o->ledger)
		return err_set(e, ERR_USAGE,
			       "--sink goes with neither --tls nor --ledger");
	block_signals(&set);
	if (sink_open(&sink, o->port, e))
		return e->code;
	announce(o, sink_port(&sink));
	sink_run(&sink);
	printf("%llu requests, %llu bytes\n", (unsigned long long)sink.requests,
	       (unsigned long long)sink.bytes);
	sink_close(&sink);
	return ERR_OK;
}

static void print_help(void)
{
	fputs(usage, stdout);
	fault_print_names(stdout);
}

static void sandbox_fini(struct sandbox *s)
{
	ledger_close(&s->ledger);
	fault_list_fini(&s->faults);
	token_list_fini(&s->tokens);
	dedup_fini(&s->seen);
	dedup_fini(&s->seen_test);
	free(s->pixels);
	if (s->stop_fd >= 0)
		close(s->stop_fd);
	pthread_mutex_destroy(&s->lock);
}

int main(int argc, char **argv)
{
	struct options o = {.port = 8080};
	struct sandbox s = {
		.stop_fd = -1, .ledger = LEDGER_NONE, .lock = PTHREAD_MUTEX_INITIALIZER};
	enum err_code status = ERR_OK;
	struct err e;

	oauth_init(&s.oauth);
	if (parse_options(argc, argv, &o, &s, &e))
		status = e.code;
	else if (o.help)
		print_help();
	else
		status = o.sink ? run_sink(&o, &e) : serve(&s, &o, &e);
	sandbox_fini(&s);
	if (status)
		fprintf(stderr, "convey-sandbox: %s\n", e.msg);
	return err_exit_status(status);
}
