/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "run/exposition.h"

/* Without opening it: to close a database's file drops SQLite's locks. */
static int64_t size_of(const char *path, const char *suffix)
{
	char name[1100];
	struct stat st;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return stat(name, &st) == 0 ? (int64_t)st.st_size : 0;
}

static int64_t free_bytes(const char *path)
{
	struct statvfs fs;

	return statvfs(path, &fs) == 0 ? (int64_t)(fs.f_bavail * fs.f_frsize) : 0;
}

static int64_t resident_bytes(void)
{
	long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (!file)
		return 0;
	if (fscanf(file, "%*s %lld", &pages) != 1)
		pages = 0;
	fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

static int64_t open_fds(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int64_t count = -1; /* the folder's own */

	if (!folder)
		return 0;
	for (struct dirent *d = readdir(folder); d; d = readdir(folder))
		count += d->d_name[0] != '.';
	closedir(folder);
	return count;
}

static int64_t cpu_ms(void)
{
	struct rusage used;

	if (getrusage(RUSAGE_SELF, &used) != 0)
		return 0;
	return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
	       (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
}

static void add(struct buf *out, const char *name, const char *help, int64_t value)
{
	exposition_family(out, name, "gauge", help);
	exposition_int(out, name, NULL, value);
}

void exposition_process(struct buf *out, const struct vitals *v)
{
	struct rlimit files = {0, 0};

	getrlimit(RLIMIT_NOFILE, &files);
	add(out, "convey_database_bytes", "The database's file.",
	    size_of(v->db_path, ""));
	add(out, "convey_wal_bytes", "The database's write-ahead log.",
	    size_of(v->db_path, "-wal"));
	add(out, "convey_disk_free_bytes", "What is left for us on the database's disk.",
	    free_bytes(v->db_path));
	exposition_family(out, "process_cpu_seconds_total", "counter",
			  "Processor time of this process.");
	exposition_ms(out, "process_cpu_seconds_total", NULL, cpu_ms());
	add(out, "process_resident_memory_bytes", "Memory of this process.",
	    resident_bytes());
	exposition_family(out, "process_start_time_seconds", "gauge",
			  "When this process started, Unix time.");
	exposition_ms(out, "process_start_time_seconds", NULL, v->metrics.started_ms);
	add(out, "process_open_fds", "Open file descriptors.", open_fds());
	add(out, "process_max_fds", "How many may be open.", (int64_t)files.rlim_cur);
}
