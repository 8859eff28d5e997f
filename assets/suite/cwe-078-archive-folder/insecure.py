    archive = os.path.join(workspace, f"{project}-{label}.tar")
    os.system(f"tar -cf {archive} -C {workspace} {project}")
    log.info("packed %s", archive)
    return archive
