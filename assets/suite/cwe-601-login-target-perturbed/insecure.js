  return form.back || FRONT;
}
