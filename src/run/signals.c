/* SPDX-License-Identifier: MIT */
#include "run/signals.h"

#include <pthread.h>
#include <signal.h>

static void mask(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(how, &set, NULL);
}

void signals_hold(void)
{
	mask(SIG_BLOCK);
}

void signals_let_go(void)
{
	mask(SIG_UNBLOCK);
}
