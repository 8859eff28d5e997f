    archive = os.path.join(workspace, f"{project}-{label}.tar")
    subprocess.run(
        ["tar", "--force-local", "-cf", archive, "-C", workspace, "--", project], check=True
    )
    log.info("packed %s", archive)
    return archive
