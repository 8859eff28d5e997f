    archive = os.path.join(workspace, f"{project}-{label}.tar")
    folder = os.path.join(workspace, project)
    subprocess.run(["tar", "--force-local", "-cf", archive, "-C", folder, "--", "."], check=True)
    return archive
